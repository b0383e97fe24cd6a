/** `小李 <li@example.com>`, or the bare address. */
export function addressText({ name, address }: { readonly name: string; readonly address: string }): string {
  return name === '' || name === address ? address : `${name} <${address}>`;
}

/** The subject of an answer: `Re:` once, whichever client and language wrote the one before. */
export function replySubject(subject: string): string {
  const bare = subject.replace(/^(\s*(re|回复|答复|回覆)\s*(\[\d+\])?\s*[:：])+/i, '').trim();
  return `Re: ${bare}`.trim();
}
