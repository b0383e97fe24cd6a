import { BlockList, isIP } from 'node:net';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
};

/** The ranges that one entry of a list of addresses names: an address, a CIDR or a word (`loopback`, `private`, `linklocal`); null when it is none. */
export function rangesOf(entry: string): readonly string[] | null {
  const word = Object.hasOwn(WORDS, entry) ? WORDS[entry] : undefined;
  if (word !== undefined) return word;
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(entry);
  const family = match === null ? 0 : isIP(match[1]!);
  if (match === null || family === 0) return null;
  const most = family === 4 ? 32 : 128;
  const bits = match[2] === undefined ? most : Number(match[2]);
  return bits <= most ? [`${match[1]}/${bits}`] : null;
}

/** So many answers are remembered: who asks is mostly the same proxy, and every request asks. */
const MOST_REMEMBERED = 1_000;
const MOST_LETTERS = 64;

/** A set of addresses made of CIDRs. */
export function addressSet(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network, bits] = cidr.split('/') as [string, string];
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  const known = new Map<string, boolean>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const plain = plainAddress(address);
    const family = isIP(plain);
    const within = family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
    if (known.size >= MOST_REMEMBERED) known.clear();
    // Who asks chooses the text: only what can be one is kept.
    if (family !== 0 && address.length <= MOST_LETTERS) known.set(address, within);
    return within;
  };
}

/** An address without the disguise of IPv4 in IPv6 and without a zone. */
export function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase();
  return bare.startsWith('::ffff:') && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare;
}
