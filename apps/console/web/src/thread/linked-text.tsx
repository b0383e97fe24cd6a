import { splitLinks } from './links';

/** Text as text; addresses in it as links that tell the other side nothing about us. */
export function LinkedText({ text }: { text: string }) {
  return splitLinks(text).map((part, i) =>
    part.href === undefined ? (
      part.text
    ) : (
      <a key={i} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ),
  );
}
