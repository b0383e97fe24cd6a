/** Where the cleaned HTML of a mail keeps the address of a picture that lies elsewhere: nothing is loaded by itself. */
const REMOTE_IMAGE = /\sdata-remote-src="([^"]*)"/g;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'" };

/** The addresses of the pictures of other sites that a mail names, as it names them. */
export function remoteImagesOf(html: string): Set<string> {
  return new Set([...html.matchAll(REMOTE_IMAGE)].map((match) => decode(String(match[1]))));
}

function decode(value: string): string {
  return value.replace(/&(amp|lt|gt|quot|apos|#39);/g, (_, name: string) => ENTITIES[name] as string);
}
