import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebhookRequest } from '@huiliu/connector-kit';
import { sortedSha1 } from '@huiliu/wire';
import { ofJson } from './fields';
import { passiveText, TAKEN } from './passive';
import { prove } from './push';
import { holds, timeOf } from './signature';

interface Vector {
  readonly channel: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly expected: string;
}

const VECTORS = join(__dirname, '../../../../libs/wire/src/testdata/vectors.json');
const vectors = (JSON.parse(readFileSync(VECTORS, 'utf8')) as Vector[]).filter(({ channel }) => channel === 'weibo');
const BODY = '{"type":"text","sender_id":1,"text":"a"}';
const signed = (secret = 'sec'): string =>
  `timestamp=1397022061823&nonce=2&signature=${sortedSha1(secret, '1397022061823', '2')}`;
const request = (query: string, body = BODY, method: 'GET' | 'POST' = 'POST'): WebhookRequest =>
  new WebhookRequest(method, new URLSearchParams(query), {}, Buffer.from(body), new Date());

it('the published vectors hold', () => {
  expect(vectors.length).toBeGreaterThan(0);
  for (const { inputs, expected } of vectors) {
    const { appsecret = '', timestamp = '', nonce = '', echostr = '' } = inputs;
    expect(holds(appsecret, { timestamp, nonce }, expected)).toBe(true);
    const query = new URLSearchParams({ signature: expected, timestamp, nonce, echostr }).toString();
    expect(prove(appsecret, request(query, '', 'GET')).said).toBe(echostr);
  }
});

describe('a push is proven', () => {
  it('by the signature over the app’s secret, in either form', () => {
    expect(prove('sec', request(signed()))).toMatchObject({ said: { type: 'text', sender: '1' }, nonce: '2' });
    const xml = '<xml><FromUserName><![CDATA[1]]></FromUserName><MsgType><![CDATA[text]]></MsgType></xml>';
    expect(prove('sec', request(signed(), xml))).toMatchObject({ said: { type: 'text', sender: '1', format: 'xml' } });
  });

  it('and by nothing less', () => {
    const unauthorized = expect.objectContaining({ reason: 'unauthorized' });
    for (const query of [
      '',
      'timestamp=1&nonce=2',
      signed('other'),
      `${signed()}&nonce=2`,
      `${signed()}&signature=x`,
      signed().replace('nonce=2', 'nonce=3'),
      signed().replace(/signature=.*/, 'signature='),
    ])
      expect(() => prove('sec', request(query))).toThrow(unauthorized);
    expect(() => prove('sec', request(signed(), '', 'GET'))).toThrow(unauthorized);
  });

  it('what is well signed and unreadable is malformed', () => {
    for (const body of ['', '{', '<xml>', '['.repeat(100), '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
      expect(() => prove('sec', request(signed(), body))).toThrow(expect.objectContaining({ reason: 'malformed' }));
  });

  it('its time is in milliseconds, as in the published sample, or in seconds', () => {
    expect([timeOf('1397022061823'), timeOf('1397022061')]).toEqual([1397022061823, 1397022061000]);
    expect(timeOf('x')).toBeNaN();
  });
});

it('the passive reply swaps the ids and url-encodes its data; an empty answer says nothing', () => {
  const push = ofJson({ type: 'event', sender_id: 5, receiver_id: 6 });
  const { body } = passiveText(push, '你好 &', new Date(0));
  const answer = JSON.parse(String(body)) as { data: string };
  expect(answer).toMatchObject({ result: true, receiver_id: '5', sender_id: '6', type: 'text' });
  expect(answer.data).toBe('%7B%22text%22%3A%22%E4%BD%A0%E5%A5%BD%20%26%22%7D');
  expect(String(passiveText({ ...push, format: 'xml' }, '你好', new Date(0)).body)).toBe(
    '<xml><ToUserName><![CDATA[5]]></ToUserName><FromUserName><![CDATA[6]]></FromUserName><CreateTime>0</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>',
  );
  expect(TAKEN.body).toBe('');
});
