import { z } from 'zod';
import { type AccountContext, ConnectorError, type SendPart, type SendResult } from '@huiliu/connector-kit';
import { UploadedMedia } from '../shared/uploaded-media';
import type { WecomClient } from './client';
import type { definition, WecomKfConfig } from './definition';
import { isListed } from './errors';
import { type MsgId, msgIdOf } from './ids';
import { LINK_PICTURE } from './link-picture';
import type { WecomRequest } from './outbound';
import type { ServiceStates } from './service-state';

const SEND = '/cgi-bin/kf/send_msg';
const STATE_REFUSED = '95018';
const BUSY = '-1';
/** So often the platform says to repeat a call that found it busy. */
const MOST_BUSY = 3;
const MOST_REMEMBERED = 5_000;

const Sent = z.object({ msgid: z.string().min(1).max(512) });

/** Sends under ids of our own, each of which the platform takes once: whatever is repeated, a customer gets it once. */
export class Sends {
  private readonly media: UploadedMedia;
  private readonly duplicateCodes: ReadonlySet<string>;
  /** Ids whose last call had no answer, and how often the platform was too busy for an id. */
  private readonly unanswered = new Set<string>();
  private readonly busy = new Map<string, number>();

  constructor(
    private readonly client: WecomClient,
    private readonly states: ServiceStates,
    private readonly context: AccountContext<WecomKfConfig, typeof definition>,
  ) {
    this.media = new UploadedMedia((type, file, signal) => client.upload(type, file, signal), context);
    this.duplicateCodes = new Set(context.account.config.duplicateCodes?.split(',') ?? []);
  }

  async send(request: WecomRequest, part: Omit<SendPart, 'content'>, signal: AbortSignal): Promise<SendResult> {
    const { openKfId: open_kfid } = this.context.account.config;
    const body = await this.bodyOf(request, part.conversationId, signal);
    const msgid = await this.idOf(part);
    try {
      const answer = await this.client.act(SEND, { touser: part.remoteContactId, open_kfid, msgid, ...body }, signal);
      this.forget(msgid);
      const sent = Sent.safeParse(answer);
      return { remoteId: sent.success ? sent.data.msgid : msgid };
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      if (this.isDuplicate(error)) {
        this.forget(msgid);
        return { remoteId: msgid };
      }
      throw await this.judged(error, msgid, part.remoteContactId, signal);
    }
  }

  /**
   * The same id for the same message, also when a person sends again what may have gone out. Only where an earlier attempt was taken (and
   * failed afterwards) a new one: the platform would refuse the old one as done.
   */
  private async idOf({ key, attempt }: Pick<SendPart, 'key' | 'attempt'>): Promise<MsgId> {
    if (attempt === 1) return msgIdOf(key, null);
    const earlier = Array.from({ length: attempt - 1 }, (_, n) => msgIdOf(key, n === 0 ? null : n + 1));
    const taken = await this.context.sentByUs(earlier);
    return msgIdOf(key, taken.size === 0 ? null : attempt);
  }

  private async bodyOf(request: WecomRequest, conversationId: string, signal: AbortSignal): Promise<object> {
    if ('body' in request) return request.body;
    if ('medium' in request) {
      const { type, attachment } = request.medium;
      const media_id = await this.media.idOf(type, attachment, conversationId, signal);
      return { msgtype: type, [type]: { media_id } };
    }
    const thumb_media_id = await this.media.once('link picture', () =>
      this.client.upload('image', LINK_PICTURE, signal),
    );
    return { msgtype: 'link', link: { ...request.link, thumb_media_id } };
  }

  /** What a send that did not succeed means, with what is known of its id. */
  private async judged(
    error: ConnectorError,
    msgid: string,
    customer: string,
    signal: AbortSignal,
  ): Promise<ConnectorError> {
    if (error.kind === 'outcome_unknown') {
      if (this.unanswered.size >= MOST_REMEMBERED)
        this.unanswered.delete(this.unanswered.values().next().value as string);
      this.unanswered.add(msgid);
      return error;
    }
    // The code of an id that came before is not published: an unlisted refusal of a repeated call may be just that.
    if (error.kind === 'rejected' && this.unanswered.has(msgid) && !isListed(error.code))
      return new ConnectorError(
        'outcome_unknown',
        error.code,
        `重发时被拒绝，第一次是否已发出不得而知：${error.message}`,
      );
    if (error.code === BUSY) return this.whileBusy(error, msgid);
    return error.code === STATE_REFUSED ? this.states.explain(error, customer, signal) : error;
  }

  private whileBusy(error: ConnectorError, msgid: string): ConnectorError {
    const times = (this.busy.get(msgid) ?? 0) + 1;
    if (this.busy.size >= MOST_REMEMBERED) this.busy.delete(this.busy.keys().next().value as string);
    if (times <= MOST_BUSY) {
      this.busy.set(msgid, times);
      return error;
    }
    this.busy.delete(msgid);
    return new ConnectorError('rejected', error.code, error.message);
  }

  /** By a code that the account's config names, or by the platform's own words. */
  private isDuplicate({ kind, code, message }: ConnectorError): boolean {
    if (this.duplicateCodes.has(code)) return true;
    return kind === 'rejected' && /msgid/i.test(message) && /duplicat|repeat|exist|used/i.test(message);
  }

  private forget(msgid: string): void {
    this.unanswered.delete(msgid);
    this.busy.delete(msgid);
  }
}
