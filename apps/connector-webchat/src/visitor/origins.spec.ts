import { admitsOrigin } from './origins';

const own = { publicUrl: null, host: 'chat.example:3000' };
const shop = ['https://shop.example', 'http://localhost:8080'];

describe('admitsOrigin', () => {
  it.each<[string | undefined, readonly string[], typeof own | { publicUrl: string; host: string }, boolean]>([
    [undefined, shop, own, true],
    [undefined, [], own, true],
    ['https://shop.example', shop, own, true],
    ['HTTPS://SHOP.example', shop, own, true],
    ['https://shop.example:443', shop, own, false],
    ['http://localhost:8080', shop, own, true],
    ['http://shop.example', shop, own, false],
    ['https://shop.example.evil.example', shop, own, false],
    ['https://evil.example', shop, own, false],
    ['https://shop.example:8443', shop, own, false],
    ['https://sub.shop.example', shop, own, false],
    ['http://chat.example:3000', shop, own, false],
    ['null', shop, own, false],
    ['', shop, own, false],
    ['https://shop.example/', shop, own, false],
    ['https://shop.example, https://evil.example', shop, own, false],
    ['file://', shop, own, false],
    ['chrome-extension://abcdef', shop, own, false],
    ['http://chat.example:3000', [], own, true],
    ['https://chat.example:3000', [], own, true],
    ['http://chat.example', [], own, false],
    ['https://evil.example', [], own, false],
    ['null', [], own, false],
    ['https://cs.example', [], { publicUrl: 'https://cs.example/base', host: '127.0.0.1:3000' }, true],
    ['https://evil.example', [], { publicUrl: 'https://cs.example', host: '127.0.0.1:3000' }, false],
    ['https://shop.example', ['not an origin', 'https://shop.example'], own, true],
    ['http://x', [], { publicUrl: null, host: undefined as unknown as string }, false],
  ])('%s with %j at %j: %s', (origin, allowed, where, expected) =>
    expect(admitsOrigin(origin, allowed, where)).toBe(expected),
  );
});
