import { WebhookRequest } from '@huiliu/connector-kit';
import { Envelope, sortedSha1 } from '@huiliu/wire';
import { PushProver } from './push';

const KEY = 'kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR';
const secure = { appId: 'wx1', token: 'tok', encodingAesKey: KEY };
const open = { appId: 'wx1', token: 'tok' };
const BODY = '<xml><FromUserName>o</FromUserName></xml>';

function request(query: string, body: string, method: 'GET' | 'POST' = 'POST'): WebhookRequest {
  return new WebhookRequest(method, new URLSearchParams(query), {}, Buffer.from(body), new Date());
}
const plain = (more = '', token = 'tok'): string =>
  `timestamp=1&nonce=2&signature=${sortedSha1(token, '1', '2')}${more}`;
function encrypted(over: { key?: string; id?: string; token?: string; body?: string } = {}) {
  const Encrypt = new Envelope(over.key ?? KEY, over.id ?? 'wx1').seal(over.body ?? BODY);
  const query = `${plain()}&encrypt_type=aes&msg_signature=${sortedSha1(over.token ?? 'tok', '1', '2', Encrypt)}`;
  return { query, body: `<xml><Encrypt><![CDATA[${Encrypt}]]></Encrypt></xml>`, Encrypt };
}
const unauthorized = expect.objectContaining({ reason: 'unauthorized' });

describe('a push is proven', () => {
  it('by its signature without a key, by msg_signature and the key with one', () => {
    expect(new PushProver(open).prove(request(plain(), BODY)).read()).toMatchObject({ FromUserName: 'o' });
    const { query, body, Encrypt } = encrypted();
    expect(new PushProver(secure).prove(request(query, body)).read()).toMatchObject({ FromUserName: 'o' });
    expect(new PushProver(secure).prove(request(query, JSON.stringify({ Encrypt }))).read()).toMatchObject({
      FromUserName: 'o',
    });
    const echo = new PushProver(secure).prove(request(plain('&echostr=123'), '', 'GET'));
    expect([echo.read(), echo.signed.toString()]).toEqual(['123', '123']);
  });

  it('and by nothing less', () => {
    const good = encrypted();
    const refused: [PushProver, string, string][] = [
      [new PushProver(open), plain('', 'other'), BODY],
      [new PushProver(open), 'timestamp=1&nonce=2', BODY],
      [new PushProver(open), `${plain()}&nonce=2`, BODY],
      [new PushProver(secure), plain(), BODY],
      [new PushProver(secure), `${plain()}&msg_signature=${sortedSha1('tok', '1', '2')}`, BODY],
      [new PushProver(secure), good.query, BODY],
      [new PushProver(secure), good.query, good.body.slice(0, 60)],
      [new PushProver(secure), good.query, ''],
      [new PushProver(secure), good.query.replace('nonce=2', 'nonce=3'), good.body],
      [new PushProver(secure), `${good.query}&msg_signature=x`, good.body],
      ...[{ key: `A${KEY.slice(1)}` }, { id: 'wx2' }, { token: 'other' }].map((over): [PushProver, string, string] => {
        const forged = encrypted(over);
        return [new PushProver(secure), forged.query, forged.body];
      }),
    ];
    for (const [prover, query, body] of refused) expect(() => prover.prove(request(query, body))).toThrow(unauthorized);
  });

  it('what is well signed and unreadable is malformed', () => {
    const malformed = expect.objectContaining({ reason: 'malformed' });
    expect(() => new PushProver(open).prove(request(plain(), '<xml>')).read()).toThrow(malformed);
    const { query, body } = encrypted({ body: '{"a":' });
    expect(() => new PushProver(secure).prove(request(query, body)).read()).toThrow(malformed);
  });
});
