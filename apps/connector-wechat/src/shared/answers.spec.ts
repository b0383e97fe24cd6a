import { ConnectorError, type GuardedResponse } from '@huiliu/connector-kit';
import { mediumIn, readAnswer, tokenIn } from './answers';

const errorOf = (code: string, words: string): ConnectorError => new ConnectorError('rejected', code, words);
const read = (body: string): unknown =>
  readAnswer({ status: 200, headers: {}, body: Buffer.from(body) } as GuardedResponse, errorOf, {});

describe('an answer of the interface', () => {
  it('is its JSON, or null where it is none', () => {
    expect(read('{"errcode":0,"media_id":"m"}')).toEqual({ errcode: 0, media_id: 'm' });
    expect(read('<html>')).toBeNull();
  });

  it.each(['{"errcode":40001,"errmsg":"x"}', '{"errcode":"40001"}', '{"errcode":40001,"errmsg":null}'])(
    'that refuses is thrown, whatever stands in its words: %s',
    (body) => expect(() => read(body)).toThrow(expect.objectContaining({ code: '40001' })),
  );

  it('holds a token or a medium, or neither', () => {
    expect(tokenIn({ access_token: 't', expires_in: '7200' })).toEqual({ token: 't', expiresInMs: 7_200_000 });
    expect(tokenIn({ access_token: '' })).toBeNull();
    expect([mediumIn({ media_id: 'm' }), mediumIn({})]).toEqual(['m', null]);
  });
});
