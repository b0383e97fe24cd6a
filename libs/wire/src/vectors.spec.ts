import { createDecipheriv, createHash, createHmac, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Envelope, sameText, signWithSecretAround, sortedSha1 } from './index';

interface Vector {
  readonly channel: string;
  readonly what: string;
  readonly inputs: Record<string, never>;
  readonly expected: never;
}

const vectors = JSON.parse(readFileSync(join(__dirname, 'testdata/vectors.json'), 'utf8')) as Vector[];

/** Computes what the vector's inputs give, in the shape of its `expected`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each vector has inputs of its own
type Recipe = (inputs: any) => unknown;

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
const hmac = (algorithm: string, key: string, text: string): Buffer => createHmac(algorithm, key).update(text).digest();
const sortedPairs = (params: Record<string, string>): string =>
  Object.keys(params)
    .sort()
    .map((name) => name + params[name])
    .join('');

function decrypted(algorithm: string, key: Buffer, iv: Buffer, cipherText: string): string {
  const decipher = createDecipheriv(algorithm, key, iv);
  return decipher.update(cipherText, 'base64', 'utf8') + decipher.final('utf8');
}

/** The random part of an envelope, which opening leaves out. */
function randomPart(encodingAesKey: string, encrypted: string): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return decipher.update(encrypted, 'base64').subarray(0, 16).toString('utf8');
}

/** By channel and the beginning of what the vector says it is. */
const RECIPES: readonly (readonly [channel: string, begins: string, recipe: Recipe])[] = [
  ['wechat_oa', 'URL verification', (i) => sortedSha1(i.token, i.timestamp, i.nonce)],
  ['wechat_oa', 'plaintext-mode push', (i) => sortedSha1(i.token, i.timestamp, i.nonce)],
  ['wechat_oa', 'safe-mode push: the plain', (i) => sortedSha1(i.token, i.timestamp, i.nonce)],
  ['wechat_oa', 'safe-mode msg_signature', (i) => sortedSha1(i.token, i.timestamp, i.nonce, i.encrypt)],
  [
    'wechat_oa',
    'safe-mode AES-256-CBC decrypt',
    (i) => {
      const { message, id } = new Envelope(i.encodingAESKey, i.appid).open(i.encrypt);
      const random = randomPart(i.encodingAESKey, i.encrypt);
      return { random, msg_len: message.length, msg: message.toString('utf8'), appid: id };
    },
  ],
  [
    'wechat_oa',
    'passive reply encryption',
    (i) => new Envelope(i.encodingAESKey, i.appid).seal(i.msg, Buffer.from(i.random)),
  ],
  ['wechat_oa', 'passive reply MsgSignature', (i) => sortedSha1(i.token, i.timestamp, i.nonce, i.encrypt)],
  [
    'wecom',
    'URL verification',
    (i) => {
      const { message, id } = new Envelope(i.encodingAESKey, i.corpid).open(i.echostr);
      const signature = sortedSha1(i.token, i.timestamp, i.nonce, i.echostr);
      const wrong = sortedSha1(i.token, i.timestamp, '437374424', i.echostr);
      expect(sameText(wrong, signature)).toBe(false);
      return {
        msg_signature: signature,
        plaintext: message.toString('utf8'),
        receiveid: id,
        must_fail_with_nonce: '437374424',
      };
    },
  ],
  [
    'wecom',
    'encrypt reply XML',
    (i) => {
      const encrypt = new Envelope(i.encodingAESKey, i.corpid).seal(i.msg, Buffer.from(i.random));
      return { encrypt, MsgSignature: sortedSha1(i.token, i.timestamp, i.nonce, encrypt) };
    },
  ],
  [
    'wecom',
    'WXBizMsgCrypt sample',
    (i) => ({
      msg_signature: sortedSha1(i.token, i.timestamp, i.nonce, i.echostr),
      plaintext: new Envelope(i.encodingAESKey, i.corpid).open(i.echostr).message.toString('utf8'),
    }),
  ],
  [
    'wechat_miniprogram',
    'encryptedData',
    (i) => decrypted('aes-128-cbc', Buffer.from(i.session_key, 'base64'), Buffer.from(i.iv, 'base64'), i.encryptedData),
  ],
  ['weibo', 'fans-service', (i) => sortedSha1(i.appsecret, i.timestamp, i.nonce)],
  ['taobao_top', 'TOP hmac sign', (i) => hmac('md5', i.secret, sortedPairs(i.params)).toString('hex').toUpperCase()],
  [
    'taobao_top',
    'TOP hmac-sha256',
    (i) => hmac('sha256', i.secret, sortedPairs(i.params)).toString('hex').toUpperCase(),
  ],
  ['taobao_top', 'TOP md5', (i) => signWithSecretAround(i.secret, i.params)],
  ['taobao_tmc', 'TMC CONNECT', ({ secret, ...params }) => signWithSecretAround(secret, params)],
  ['jd_jos', 'JOS md5', (i) => signWithSecretAround(i.secret, i.params)],
  ['pinduoduo', 'PDD sign', (i) => signWithSecretAround(i.secret, i.params)],
  [
    'pinduoduo_pmc',
    'PMC websocket',
    (i) => Buffer.from(hash('md5', i.client_id + i.ms + i.client_secret)).toString('base64'),
  ],
  [
    'doudian',
    'API sign',
    ({ app_secret: secret, sign_method: _left, ...params }) =>
      hmac('sha256', secret, `${secret}${sortedPairs(params)}${secret}`).toString('hex'),
  ],
  ['doudian', 'message push header', (i) => hash('md5', i.app_key + i.body + i.app_secret)],
  [
    'doudian',
    'SPI sign',
    ({ app_secret: secret, ...params }) => {
      const text = `${secret}${sortedPairs(params)}${secret}`;
      return { md5: hash('md5', text), 'hmac-sha256': hmac('sha256', secret, text).toString('hex') };
    },
  ],
  ['douyin_open', 'X-Douyin-Signature', (i) => hash('sha1', i.client_secret + i.body)],
  [
    'kuaishou_shop',
    'sign MD5',
    (i) => {
      const forHmac = (i.base as string).replace('signMethod=MD5', 'signMethod=HMAC_SHA256');
      return { MD5: hash('md5', i.base), HMAC_SHA256: hmac('sha256', i.signSecret, forHmac).toString('base64') };
    },
  ],
  [
    'kuaishou_shop',
    'message push body',
    (i) => decrypted('aes-128-cbc', Buffer.from(i.message_secret, 'base64'), Buffer.alloc(16), i.body),
  ],
  [
    'xiaohongshu_ark',
    'sign =',
    (i) => hash('md5', `${i.method}?appId=${i.appId}&timestamp=${i.timestamp}&version=${i.version}${i.appSecret}`),
  ],
  [
    'qq_bot',
    'webhook op 13',
    (i) => {
      let seed: string = i.secret;
      while (seed.length < 32) seed += seed;
      const der = Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        Buffer.from(seed.slice(0, 32)),
      ]);
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      return sign(null, Buffer.from(i.event_ts + i.plain_token), key).toString('hex');
    },
  ],
  [
    'dingtalk',
    'HTTP event callback',
    (i) => {
      const { message, id } = new Envelope(i.aes_key, 'suite4xxxxxxxxxxxxxxx').open(i.encrypt);
      const signature = sortedSha1(i.token, i.timestamp, i.nonce, i.encrypt);
      return { signature, plaintext: message.toString('utf8'), id };
    },
  ],
  ['dingtalk', 'robot sign', (i) => hmac('sha256', i.secret, `${i.timestamp}\n${i.secret}`).toString('base64')],
  [
    'feishu',
    'event encrypt',
    (i) => {
      const key = createHash('sha256').update(String(i.encrypt_key)).digest();
      const bytes = Buffer.from(i.encrypt, 'base64');
      return decrypted('aes-256-cbc', key, bytes.subarray(0, 16), bytes.subarray(16).toString('base64'));
    },
  ],
  ['feishu', 'X-Lark-Signature', (i) => hash('sha256', i.timestamp + i.nonce + i.encrypt_key + i.body)],
  ['phone_twilio', 'X-Twilio', (i) => hmac('sha1', i.authToken, i.url + sortedPairs(i.params)).toString('base64')],
  ['webchat', 'identity', (i) => hmac('sha256', i.hmac_token, i.identifier).toString('hex')],
];

describe('the published and derived vectors of the platforms', () => {
  it.each(vectors.map((vector) => [`${vector.channel}: ${vector.what}`, vector] as const))('%s', (_name, vector) => {
    const recipe = RECIPES.find(([channel, begins]) => channel === vector.channel && vector.what.startsWith(begins));
    expect(recipe).toBeDefined();
    expect(recipe?.[2](vector.inputs)).toEqual(vector.expected);
  });
});
