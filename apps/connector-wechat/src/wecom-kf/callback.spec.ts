import { WebhookRequest } from '@huiliu/connector-kit';
import { Envelope, sortedSha1, writeXml } from '@huiliu/wire';
import { CallbackProver } from './callback';

/** Published: WXBizMsgCrypt's sample, and wechatpy's. */
const SAMPLES = [
  {
    config: {
      corpId: 'wx5823bf96d3bd56c7',
      token: 'QDG6eK',
      encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
    },
    query: {
      msg_signature: '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3',
      timestamp: '1409659589',
      nonce: '263014780',
      echostr: 'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==',
    },
    echo: '1616140317555161061',
  },
  {
    config: {
      corpId: 'wx49f0ab532d5d035a',
      token: '123456',
      encodingAesKey: 'kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR',
    },
    query: {
      msg_signature: 'dd6b9c95b495b3f7e2901bfbc76c664930ffdb96',
      timestamp: '1411443780',
      nonce: '437374425',
      echostr: '4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==',
    },
    echo: '5927782489442352469',
  },
] as const;
const { config } = SAMPLES[1];
const prover = new CallbackProver(config);
const unauthorized = expect.objectContaining({ reason: 'unauthorized' });

function request(query: Record<string, string> | string, body = '', method: 'GET' | 'POST' = 'POST'): WebhookRequest {
  return new WebhookRequest(method, new URLSearchParams(query), {}, Buffer.from(body), new Date());
}

function callback(over: { message?: string; token?: string; corpId?: string } = {}) {
  const message =
    over.message ??
    writeXml({ ToUserName: config.corpId, MsgType: 'event', Event: 'kf_msg_or_event', Token: 'ENC1', OpenKfId: 'wk1' });
  const encrypt = new Envelope(config.encodingAesKey, over.corpId ?? config.corpId).seal(message);
  const msg_signature = sortedSha1(over.token ?? config.token, '1', '2', encrypt);
  const body = writeXml({ ToUserName: config.corpId, AgentID: '', Encrypt: encrypt });
  return { query: { msg_signature, timestamp: '1', nonce: '2' }, body };
}

describe('a call of the platform', () => {
  it.each(SAMPLES)('proves the address: $echo', ({ config, query, echo }) => {
    const sample = new CallbackProver(config);
    expect(sample.prove(request(query, '', 'GET')).echo).toBe(echo);
    const wrong = { ...query, nonce: '437374424' };
    expect(() => sample.prove(request(wrong, '', 'GET'))).toThrow(unauthorized);
  });

  it('says only that something waits, and where', () => {
    const good = callback();
    const proven = prover.prove(request(good.query, good.body));
    expect([proven.echo, proven.signed.toString(), proven.read()]).toEqual([
      null,
      good.body,
      { waits: { token: 'ENC1', openKfId: 'wk1' } },
    ]);
    const bare = callback({ message: '<xml><MsgType>event</MsgType><Event>kf_msg_or_event</Event></xml>' });
    expect(prover.prove(request(bare.query, bare.body)).read()).toEqual({ waits: { token: null, openKfId: null } });
    const other = callback({ message: '<xml><MsgType>event</MsgType><Event>kf_account_auth_change</Event></xml>' });
    expect(prover.prove(request(other.query, other.body)).read()).toEqual({ waits: null });
  });

  it('is taken by its signature and its envelope, and by nothing less', () => {
    const good = callback();
    const query = new URLSearchParams(good.query).toString();
    const refused: [string, string][] = [
      [query, writeXml({ MsgType: 'event', Event: 'kf_msg_or_event' })],
      [query, ''],
      [query, good.body.slice(0, 60)],
      [query.replace('nonce=2', 'nonce=3'), good.body],
      [`${query}&nonce=2`, good.body],
      [`${query}&msg_signature=x`, good.body],
      [`timestamp=1&nonce=2&signature=${sortedSha1(config.token, '1', '2')}`, good.body],
      ...[{ token: 'other' }, { corpId: 'ww2' }].map((over): [string, string] => {
        const forged = callback(over);
        return [new URLSearchParams(forged.query).toString(), forged.body];
      }),
    ];
    for (const [one, body] of refused) expect(() => prover.prove(request(one, body))).toThrow(unauthorized);
  });

  it('that is well signed and unreadable is malformed', () => {
    const { query, body } = callback({ message: '<xml>' });
    const malformed = expect.objectContaining({ reason: 'malformed' });
    expect(() => prover.prove(request(query, body)).read()).toThrow(malformed);
  });
});
