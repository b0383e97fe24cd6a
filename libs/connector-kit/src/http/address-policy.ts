import { BlockList, isIP, isIPv4 } from 'node:net';

/** Addresses that are not the public internet: nothing of ours may be led there by what somebody wrote. */
const FORBIDDEN_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

/** Outside 2000::/3 nothing is public; inside it these are not, or carry another address. */
const FORBIDDEN_V6 = ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const;

function subnets(list: BlockList, cidrs: readonly string[]): BlockList {
  for (const cidr of cidrs) {
    const [address = '', bits = ''] = cidr.split('/');
    const version = isIP(address);
    list.addSubnet(address, bits === '' ? (version === 4 ? 32 : 128) : Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** The eight groups of an IPv6 address. */
function groups(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => parseInt(group, 16));
}

/** The IPv4 address inside an IPv6 one, for those that a router or the kernel takes for it: mapped, NAT64. */
function embeddedV4(address: string): string | null {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups(address);
  const mapped = a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff;
  const nat64 = a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0;
  return mapped || nat64 ? `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}` : null;
}

/** Which addresses outgoing requests may reach: the public internet, and what `OUTBOUND_ALLOW` names. */
export class AddressPolicy {
  private readonly v4 = subnets(new BlockList(), FORBIDDEN_V4);
  private readonly v6 = subnets(new BlockList(), FORBIDDEN_V6);
  private readonly allowed: BlockList;

  constructor(allow: readonly string[]) {
    this.allowed = subnets(new BlockList(), allow);
  }

  /** `address` as resolved, never a name. Zone ids name an interface of ours and are refused. */
  permits(address: string): boolean {
    const version = isIP(address);
    if (version === 0 || address.includes('%')) return false;
    if (version === 4) return this.allowed.check(address, 'ipv4') || !this.v4.check(address, 'ipv4');
    const inner = embeddedV4(address);
    if (inner !== null && isIPv4(inner)) return this.permits(inner);
    return this.allowed.check(address, 'ipv6') || !this.v6.check(address, 'ipv6');
  }
}
