import { z } from 'zod';
import { ConnectorError, type ServiceChange } from '@huiliu/connector-kit';
import type { Servicer } from '@huiliu/contracts';
import type { WecomClient } from './client';

const GET = '/cgi-bin/kf/service_state/get';
const SERVICERS = '/cgi-bin/kf/servicer/list';
const TRANS = '/cgi-bin/kf/service_state/trans';

/** Who has a customer's session, as the platform counts it. Only in the first two can the interface send. */
const STATE = { fresh: 0, ours: 1, pool: 2, servicer: 3, ended: 4 } as const;

const Answer = z.object({ service_state: z.number(), servicer_userid: z.string().optional().catch(undefined) });
/** Departments stand in the list as well, without a `userid`. */
const ServicerList = z.object({
  servicer_list: z
    .array(
      z
        .object({ userid: z.string().min(1).max(128), status: z.number().optional() })
        .nullable()
        .catch(null),
    )
    .default([]),
});
const RECEIVING = 0;

/** The platform's service state, kept true to who serves a conversation here. */
export class ServiceStates {
  constructor(
    private readonly client: WecomClient,
    private readonly openKfId: string,
  ) {}

  /**
   * 1 while an agent of ours has the conversation, so that nothing else of the platform's takes it; 4 once it is resolved. What is with a
   * servicer in the WeCom client, or waits for one, is left there while it is open: the platform allows no way back.
   */
  async follow({ state, remoteContactId }: ServiceChange, signal: AbortSignal): Promise<void> {
    if (state === 'waiting') return;
    const { service_state: now } = await this.get(remoteContactId, signal);
    if (state === 'serving' && now === STATE.fresh) await this.trans(remoteContactId, STATE.ours, signal);
    if (state === 'ended' && now !== STATE.ended) await this.trans(remoteContactId, STATE.ended, signal);
  }

  /** Who serves the account in the WeCom client; only who is receiving there may be given a session. */
  async servicers(signal: AbortSignal): Promise<Servicer[]> {
    const answer = await this.client.look(SERVICERS, { open_kfid: this.openKfId }, signal);
    const read = ServicerList.safeParse(answer);
    if (!read.success) throw new ConnectorError('transient', 'no_servicers', '企业微信没有给出接待人员');
    return read.data.servicer_list.flatMap((one) =>
      one === null ? [] : [{ id: one.userid, name: one.userid, available: one.status === RECEIVING }],
    );
  }

  /**
   * 3: a servicer has the session from now on, and the interface can send no more. The platform allows giving it to the same one again, so
   * that a call without an answer may be repeated.
   */
  async handOver(servicer_userid: string, customer: string, signal: AbortSignal): Promise<void> {
    const { service_state: now } = await this.get(customer, signal);
    if (now === STATE.ended) throw new ConnectorError('rejected', 'ended', '会话已结束，客户再次发来消息后才能转接');
    await this.trans(customer, STATE.servicer, signal, { servicer_userid });
  }

  /** Why a send was refused for the session's state (95018), in words; the refusal as it was where the platform does not say. */
  async explain(refusal: ConnectorError, customer: string, signal: AbortSignal): Promise<ConnectorError> {
    const answer = await this.get(customer, signal).catch(() => null);
    switch (answer?.service_state) {
      case STATE.pool:
        return new ConnectorError('rejected', refusal.code, '会话在企业微信的接待池里排队，接口不能发送');
      case STATE.servicer: {
        const who = answer.servicer_userid ?? '';
        return new ConnectorError('rejected', refusal.code, `会话正由企业微信的接待人员${who}接待，接口不能发送`);
      }
      case STATE.ended:
        return new ConnectorError('window_closed', refusal.code, '会话已结束，客户再次发来消息后才能回复');
      default:
        return refusal;
    }
  }

  private async get(customer: string, signal: AbortSignal): Promise<z.infer<typeof Answer>> {
    const answer = await this.client.ask(GET, { open_kfid: this.openKfId, external_userid: customer }, signal);
    const read = Answer.safeParse(answer);
    if (!read.success) throw new ConnectorError('transient', 'no_state', '企业微信没有给出会话状态');
    return read.data;
  }

  /** Changing to what it is already is refused; both are known before. */
  private async trans(customer: string, service_state: number, signal: AbortSignal, more: object = {}): Promise<void> {
    const whose = { open_kfid: this.openKfId, external_userid: customer };
    await this.client.ask(TRANS, { ...whose, service_state, ...more }, signal);
  }
}
