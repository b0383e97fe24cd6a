import { readEdgeConfig } from './edge-config';
import { preferenceOf } from './rendezvous';

const MEMBERS = ['http://a:1', 'http://b:1', 'http://c:1'];

test('a key keeps its process when another one leaves', () => {
  for (let i = 0; i < 200; i++) {
    const before = preferenceOf(`visitor:${i}`, MEMBERS);
    const without = preferenceOf(
      `visitor:${i}`,
      MEMBERS.filter((member) => member !== before[2]),
    );
    expect(without).toEqual(before.slice(0, 2));
    expect(preferenceOf(`visitor:${i}`, [...MEMBERS].reverse())).toEqual(before);
  }
});

test('keys are spread over all processes', () => {
  const firsts = Array.from({ length: 300 }, (_, i) => preferenceOf(`account:${i}`, MEMBERS)[0]!);
  for (const member of MEMBERS) expect(firsts.filter((first) => first === member).length).toBeGreaterThan(50);
});

test.each([
  'inbox=http://h:1,inbox=http://h:2,connector-webchat=http://h:3',
  '{"inbox":["http://h:1","http://h:2"],"connector-webchat":["http://h:3"]}',
])('reads the upstreams from %s', (text) => {
  const config = readEdgeConfig({ EDGE_UPSTREAMS: text });
  expect([...config.upstreams]).toEqual([
    ['inbox', ['http://h:1', 'http://h:2']],
    ['connector-webchat', ['http://h:3']],
  ]);
  expect(config.appOf('webchat')).toBe('connector-webchat');
  expect(config.appOf('email')).toBeNull();
  expect(config.appOf('__proto__')).toBeNull();
});

test('a channel may belong to an app of another name', () => {
  const config = readEdgeConfig({
    EDGE_UPSTREAMS: 'inbox=http://h:1,connector-wechat=http://h:2',
    EDGE_CHANNELS: '{"wecom-kf":"connector-wechat"}',
  });
  expect(config.appOf('wecom-kf')).toBe('connector-wechat');
});

test.each(['', 'routing=http://h:1', 'inbox=https://h', 'inbox=http://h/x', '{"inbox":[]}'])('refuses "%s"', (text) => {
  expect(() => readEdgeConfig({ EDGE_UPSTREAMS: text })).toThrow();
});
