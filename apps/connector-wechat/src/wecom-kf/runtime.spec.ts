import { buffer } from 'node:stream/consumers';
import { type AccountContext, type AnyRuntime, WebhookRequest } from '@huiliu/connector-kit';
import { Envelope, sortedSha1, writeXml } from '@huiliu/wire';
import { ScriptedPlatform } from '../testing/scripted-wecom';
import { wecomKfConnector } from './runtime';

const signal = new AbortController().signal;

describe('a customer-service account at work', () => {
  let platform: ScriptedPlatform;
  const opened: AnyRuntime[] = [];
  beforeEach(async () => void (platform = await ScriptedPlatform.start()));
  afterEach(async () => {
    for (const runtime of opened.splice(0)) await runtime.stop?.();
    await platform.stop();
  });

  async function open(openKfId: string, id: string): Promise<AnyRuntime> {
    const runtime = wecomKfConnector.open(platform.context({ openKfId }, id) as unknown as AccountContext);
    await runtime.start?.();
    opened.push(runtime);
    return runtime;
  }

  function callback(openKfId: string): WebhookRequest {
    const { corpId, token, encodingAesKey } = platform.context().account.config;
    const message = writeXml({ MsgType: 'event', Event: 'kf_msg_or_event', Token: 'ENC', OpenKfId: openKfId });
    const encrypt = new Envelope(encodingAesKey, corpId).seal(message);
    const msg_signature = sortedSha1(token, '1', '2', encrypt);
    const query = new URLSearchParams({ msg_signature, timestamp: '1', nonce: '2' });
    return new WebhookRequest('POST', query, {}, Buffer.from(writeXml({ Encrypt: encrypt })), new Date());
  }

  it('hears for all accounts of its corp what one address is told', async () => {
    const first = await open('wk1', 'A');
    const second = await open('wk2', 'B');
    expect(await first.handleWebhook?.(callback('wk1'))).toMatchObject({ events: [], pull: { hint: 'ENC' } });
    expect(await first.handleWebhook?.(callback('wk2'))).toMatchObject({ pull: { hint: 'ENC', accountId: 'B' } });
    const nobody = await first.handleWebhook?.(callback('wk3'));
    expect([nobody?.pull, nobody?.response.body]).toEqual([undefined, 'success']);
    await second.stop?.();
    expect((await first.handleWebhook?.(callback('wk2')))?.pull).toBeUndefined();
  });

  it('is well where its secret gives a token that reaches the account', async () => {
    const runtime = await open('wk1', 'A');
    const accounts = (...ids: string[]) => ({ errcode: 0, account_list: ids.map((open_kfid) => ({ open_kfid })) });
    platform.next('/kf/account/list', accounts(...Array.from({ length: 100 }, (_, n) => `x${n}`)), accounts('wk1'));
    expect(await runtime.check?.()).toEqual({ ok: true, error: null });
    expect(platform.called('/kf/account/list').map(({ body }) => body.offset)).toEqual([0, 100]);
    platform.next('/kf/account/list', accounts('wk2'));
    expect(await runtime.check?.()).toEqual({ ok: false, error: expect.stringContaining('wk1') });
    platform.next('/gettoken', { errcode: 40001, errmsg: 'invalid credential' });
    const other = await open('wk9', 'C');
    expect(await other.check?.()).toEqual({ ok: false, error: expect.stringContaining('Secret') });
  });

  it('brings a file, and says when it is not to be had any more', async () => {
    const runtime = await open('wk1', 'A');
    const ref = JSON.stringify({ mediaId: 'm', name: 'MSG' });
    platform.files.set('m', { mime: 'image/png', bytes: Buffer.from('picture') });
    const file = await runtime.fetchMedia?.(ref, signal);
    expect([file?.name, file?.mime]).toEqual(['MSG.png', 'image/png']);
    expect((await buffer(file?.stream as NodeJS.ReadableStream)).toString()).toBe('picture');
    platform.next('/media/get', { errcode: 40007, errmsg: 'invalid media_id' });
    await expect(runtime.fetchMedia?.(ref, signal)).rejects.toMatchObject({ kind: 'rejected', code: '40007' });
  });
});
