import { isOwnOrigin } from './origin';

describe('the origin of a socket', () => {
  it.each([
    [undefined, 'shop.example', null, true],
    ['http://localhost:3000', 'localhost:3000', null, true],
    ['https://shop.example', 'shop.example', null, true],
    ['https://shop.example', 'inner:3001', 'https://shop.example', true],
    ['https://shop.example', 'inner:3001', 'https://shop.example/', true],
    ['https://evil.example', 'shop.example', null, false],
    ['https://shop.example.evil', 'shop.example', 'https://shop.example', false],
    ['http://localhost:3001', 'localhost:3000', null, false],
    ['null', 'localhost:3000', null, false],
    ['', 'localhost:3000', null, false],
    ['file://localhost', 'localhost', null, false],
    ['https://shop.example', undefined, null, false],
  ])('%s asked of %s under %s: %s', (origin, host, publicUrl, own) =>
    expect(isOwnOrigin(origin, host, publicUrl)).toBe(own),
  );
});
