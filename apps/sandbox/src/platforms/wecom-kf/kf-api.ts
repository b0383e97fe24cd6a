import { z } from 'zod';
import { parseJson } from '@huiliu/wire';
import type { ApiAnswer, ApiCall } from '../platform';
import { ok, refusal, UNPUBLISHED } from './answers';
import type { ApiAccount } from './api-account';
import { SyncRequest } from './message-list';
import { readSending } from './sending';

const Whose = z.object({ open_kfid: z.string(), external_userid: z.string() });
const Trans = Whose.extend({ service_state: z.number().int().min(0).max(4), servicer_userid: z.string().optional() });
const BatchGet = z.object({ external_userid_list: z.array(z.string()).min(1).max(100) });

/** What the platform answers to calls of ours: https://qyapi.weixin.qq.com/cgi-bin/…, as strict as the real one. */
export class KfApi {
  constructor(private readonly account: ApiAccount) {}

  call(call: ApiCall, nowMs: number): ApiAnswer {
    const { tokens, played } = this.account;
    const { faults } = played;
    if (call.path === '/cgi-bin/gettoken') return this.giveToken(call, nowMs);
    if (call.path.startsWith('/media-file/')) return this.file(call.path.slice('/media-file/'.length), nowMs);
    if (faults.take('token_revoked', call.path) !== null) tokens.revoke();
    const denied = tokens.judge(call.query.get('access_token'), nowMs);
    if (denied !== 0) return refusal(denied);
    if (faults.take('busy', call.path) !== null) return refusal(-1);
    if (faults.take('rate_limited', call.path) !== null) return refusal(45009);
    if (faults.take('banned', call.path) !== null) return refusal(48002);
    switch (`${call.method} ${call.path}`) {
      case 'POST /cgi-bin/kf/sync_msg':
        return this.sync(call, nowMs);
      case 'POST /cgi-bin/kf/send_msg':
        return this.send(call, nowMs);
      case 'POST /cgi-bin/kf/send_msg_on_event':
        return this.sendOnEvent(call, nowMs);
      case 'POST /cgi-bin/kf/service_state/get':
        return this.state(call);
      case 'POST /cgi-bin/kf/service_state/trans':
        return this.trans(call, nowMs);
      case 'GET /cgi-bin/kf/servicer/list':
        return this.servicers(call);
      case 'POST /cgi-bin/kf/customer/batchget':
        return this.profiles(call);
      case 'POST /cgi-bin/kf/account/list':
        return ok({ account_list: [{ open_kfid: this.account.identity.openKfId, name: played.name, avatar: '' }] });
      case 'POST /cgi-bin/media/upload':
        return this.upload(call, nowMs);
      case 'GET /cgi-bin/media/get':
        return this.download(call, nowMs);
      default:
        return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such interface' };
    }
  }

  private giveToken(call: ApiCall, nowMs: number): ApiAnswer {
    if (call.query.get('corpsecret') !== this.account.secret) return refusal(40001);
    const issued = this.account.tokens.issue(nowMs);
    return 'refused' in issued
      ? refusal(issued.refused)
      : ok({ access_token: issued.token, expires_in: issued.expiresIn });
  }

  private sync(call: ApiCall, nowMs: number): ApiAnswer {
    const asked = SyncRequest.safeParse(parsed(call));
    if (!asked.success) return refusal(40058);
    if (asked.data.open_kfid !== undefined && !this.isOurs(asked.data.open_kfid)) return refusal(95000);
    const page = this.account.list.page(asked.data, nowMs);
    return typeof page === 'number' ? refusal(page) : ok({ ...page });
  }

  private send(call: ApiCall, nowMs: number): ApiAnswer {
    const { account } = this;
    const { faults } = account.played;
    const sending = readSending(call.body.toString('utf8'), account.media, nowMs);
    if (typeof sending === 'number') return refusal(sending);
    const { touser, open_kfid, msgid: given = '' } = sending.head;
    if (open_kfid === undefined || !this.isOurs(open_kfid)) return refusal(95000);
    const customer = account.find(touser ?? '');
    if (customer === undefined) return refusal(40096);
    if (given !== '' && account.sentIds.has(given)) return refusal(UNPUBLISHED.duplicateMsgid);
    if (faults.take('window_closed') !== null) customer.close();
    const denied = customer.refusal(nowMs);
    if (denied !== 0) return refusal(denied);
    const msgid = given || `SB${nowMs}${account.sentIds.size}`;
    const { body, plain: text, mediaId } = sending;
    const mediaUrl = mediaId === null ? null : account.urlOf(mediaId);
    const shown = { kind: body.msgtype, text, mediaUrl, body };
    account.record({ type: 'sent', customer: customer.name, atMs: nowMs, msgid, ...shown, counts: true });
    return faults.take('timeout_after_accept') === null ? ok({ msgid }) : { ...ok({ msgid }), lost: true };
  }

  /** One message for one event, within 20 s, beside the five. */
  private sendOnEvent(call: ApiCall, nowMs: number): ApiAnswer {
    const { account } = this;
    const sending = readSending(call.body.toString('utf8'), account.media, nowMs);
    if (typeof sending === 'number') return refusal(sending);
    const { code = '', msgid = '' } = sending.head;
    if (!['text', 'msgmenu'].includes(sending.body.msgtype)) return refusal(40008);
    const known = account.codes.get(code);
    if (known === undefined || known.untilMs < nowMs) return refusal(UNPUBLISHED.usedCode);
    account.codes.delete(code);
    const { body, plain: text } = sending;
    const shown = { kind: body.msgtype, text, mediaUrl: null, body };
    const id = msgid || `SB${nowMs}${account.sentIds.size}`;
    account.record({ type: 'sent', customer: known.customer.name, atMs: nowMs, msgid: id, ...shown, counts: false });
    return ok({ msgid: id });
  }

  private state(call: ApiCall): ApiAnswer {
    const asked = Whose.safeParse(parsed(call));
    if (!asked.success) return refusal(40058);
    if (!this.isOurs(asked.data.open_kfid)) return refusal(95000);
    const customer = this.account.find(asked.data.external_userid);
    if (customer === undefined) return refusal(40096);
    const { state: service_state, servicer } = customer;
    return ok({ service_state, ...(servicer === null ? {} : { servicer_userid: servicer }) });
  }

  private trans(call: ApiCall, nowMs: number): ApiAnswer {
    const asked = Trans.safeParse(parsed(call));
    if (!asked.success) return refusal(40058);
    const { open_kfid, external_userid, service_state, servicer_userid } = asked.data;
    if (!this.isOurs(open_kfid)) return refusal(95000);
    const customer = this.account.find(external_userid);
    if (customer === undefined) return refusal(40096);
    // Who is not there, or has stopped receiving, is given none.
    if (service_state === 3 && !this.account.servicers.get(servicer_userid ?? '')) return refusal(95014);
    if (!customer.mayBecome(service_state)) return refusal(UNPUBLISHED.forbiddenTransfer);
    this.account.setState(customer, service_state, service_state === 3 ? (servicer_userid ?? null) : null);
    return ok(service_state === 4 ? { msg_code: this.account.newCode(customer, nowMs) } : {});
  }

  /** `status`: 0 receiving, 1 stopped. */
  private servicers(call: ApiCall): ApiAnswer {
    if (!this.isOurs(call.query.get('open_kfid') ?? '')) return refusal(95000);
    const servicer_list = [...this.account.servicers].map(([userid, receives]) => ({
      userid,
      status: receives ? 0 : 1,
    }));
    return ok({ servicer_list });
  }

  private profiles(call: ApiCall): ApiAnswer {
    const asked = BatchGet.safeParse(parsed(call));
    if (!asked.success) return refusal(40058);
    const ids = asked.data.external_userid_list;
    const customer_list = ids.flatMap((id) => {
      const customer = this.account.find(id);
      if (customer === undefined) return [];
      return { external_userid: id, nickname: customer.name, avatar: '', gender: 0, unionid: `u${id.slice(2)}` };
    });
    return ok({ customer_list, invalid_external_userid: ids.filter((id) => this.account.find(id) === undefined) });
  }

  private upload(call: ApiCall, nowMs: number): ApiAnswer {
    if (call.file === null) return refusal(41005);
    const type = call.query.get('type') ?? '';
    const medium = this.account.media.add(type, call.file, nowMs);
    if (typeof medium === 'number') return refusal(medium);
    return ok({ type, media_id: medium.id, created_at: String(Math.floor(nowMs / 1000)) });
  }

  private download(call: ApiCall, nowMs: number): ApiAnswer {
    const { media, played } = this.account;
    if (played.faults.take('media_expired') !== null) media.expireAll(nowMs);
    const id = call.query.get('media_id') ?? '';
    return media.get(id, nowMs) === undefined ? refusal(40007) : this.file(id, nowMs);
  }

  private file(id: string, nowMs: number): ApiAnswer {
    const medium = this.account.media.get(id, nowMs);
    if (medium === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: '' };
    const plain = medium.name.replace(/[^\w.-]/g, '_');
    const disposition = `attachment; filename="${plain}"; filename*=utf-8''${encodeURIComponent(medium.name)}`;
    return {
      status: 200,
      headers: { 'content-type': medium.mime, 'content-disposition': disposition },
      body: medium.bytes,
    };
  }

  private isOurs(openKfId: string): boolean {
    return openKfId === this.account.identity.openKfId;
  }
}

function parsed(call: ApiCall): unknown {
  try {
    return parseJson(call.body.toString('utf8'));
  } catch {
    return null;
  }
}
