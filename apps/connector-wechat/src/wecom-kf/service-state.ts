import { z } from 'zod';
import { ConnectorError, type ServiceChange } from '@huiliu/connector-kit';
import type { WecomClient } from './client';

const GET = '/cgi-bin/kf/service_state/get';
const TRANS = '/cgi-bin/kf/service_state/trans';

/** Who has a customer's session, as the platform counts it. Only in the first two can the interface send. */
const STATE = { fresh: 0, ours: 1, pool: 2, servicer: 3, ended: 4 } as const;

const Answer = z.object({ service_state: z.number(), servicer_userid: z.string().optional().catch(undefined) });

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
  private async trans(customer: string, service_state: number, signal: AbortSignal): Promise<void> {
    await this.client.ask(TRANS, { open_kfid: this.openKfId, external_userid: customer, service_state }, signal);
  }
}
