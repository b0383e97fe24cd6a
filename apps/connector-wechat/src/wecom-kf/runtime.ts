import { Readable } from 'node:stream';
import { z } from 'zod';
import { type AccountCheck, defineConnector, type FileUpload, type WebhookOutcome } from '@huiliu/connector-kit';
import { type Callback, CallbackProver } from './callback';
import { WecomClient } from './client';
import { definition, type WecomKfConfig } from './definition';
import { fileName, MediaRef } from './media';
import { encoders, type WecomRequest } from './outbound';
import { Profiles } from './profiles';
import { Puller } from './pulling';
import { Sends } from './sending';
import { ServiceStates } from './service-state';
import { siblings } from './siblings';

const ACCOUNT_LIST = '/cgi-bin/kf/account/list';
const ACCOUNTS_AT_ONCE = 100;
const AccountList = z.object({ account_list: z.array(z.object({ open_kfid: z.string() })).default([]) });

/** The customer-service account as the kit runs it. */
export const wecomKfConnector = defineConnector({
  definition,
  encoders,
  open: (context) => {
    const { id, config } = context.account;
    const { corpId, openKfId } = config;
    const client = new WecomClient(config, context.fetch, context.clock);
    const prover = new CallbackProver(config);
    const states = new ServiceStates(client, openKfId);
    const puller = new Puller(client, new Profiles(client, context.clock), context);
    const sends = new Sends(client, states, context);
    return {
      start: () => {
        siblings.add(corpId, openKfId, id);
        return Promise.resolve();
      },
      stop: () => {
        siblings.remove(corpId, openKfId, id);
        return Promise.resolve();
      },
      handleWebhook: async (request) => {
        const proven = prover.prove(request);
        const { timestamp, nonce, signature, signed: body, echo } = proven;
        await context.admit({ timestamp, timestampMs: Number(timestamp) * 1000, nonce, signature, body });
        const response = { contentType: 'text/plain; charset=utf-8', body: echo ?? 'success' };
        if (echo !== null) return { events: [], response };
        return { events: [], ...signalOf(proven.read(), config), response };
      },
      pullEveryMs: config.pullSeconds * 1000,
      pull: (cursor, hint, signal) => puller.pull(cursor, hint, signal),
      send: (request: WecomRequest, part, signal) => sends.send(request, part, signal),
      serve: (change, signal) => states.follow(change, signal),
      servicers: (signal) => states.servicers(signal),
      handOver: (servicerId, { remoteContactId }, signal) => states.handOver(servicerId, remoteContactId, signal),
      fetchMedia: (ref, signal) => fetchMedia(client, MediaRef.parse(JSON.parse(ref)), signal),
      refreshAuth: () => client.renewToken(),
      check: () => check(client, openKfId),
    };
  },
});

/** The callback carries nothing but that something waits, at this account or at another of the corp's. */
function signalOf({ waits }: Callback, { corpId, openKfId }: WecomKfConfig): Pick<WebhookOutcome, 'pull'> {
  if (waits === null) return {};
  const { token: hint } = waits;
  if (waits.openKfId === null || waits.openKfId === openKfId) return { pull: { hint } };
  const accountId = siblings.find(corpId, waits.openKfId);
  return accountId === undefined ? {} : { pull: { hint, accountId } };
}

async function fetchMedia(client: WecomClient, ref: MediaRef, signal: AbortSignal): Promise<FileUpload> {
  const { bytes, mime, disposition } = await client.download(ref.mediaId, signal);
  return { stream: Readable.from([bytes]), name: fileName(ref, mime, disposition), mime };
}

/** Whether the secret gives a token, and the token reaches the account. */
async function check(client: WecomClient, openKfId: string): Promise<AccountCheck> {
  try {
    await client.renewToken();
    if (await reaches(client, openKfId)) return { ok: true, error: null };
    return { ok: false, error: `应用管不到客服账号 ${openKfId}，请在企业微信里加上` };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : 'no token' };
  }
}

async function reaches(client: WecomClient, openKfId: string): Promise<boolean> {
  for (let offset = 0; ; offset += ACCOUNTS_AT_ONCE) {
    const answer = await client.ask(ACCOUNT_LIST, { offset, limit: ACCOUNTS_AT_ONCE });
    const { account_list } = AccountList.parse(answer);
    if (account_list.some(({ open_kfid }) => open_kfid === openKfId)) return true;
    if (account_list.length < ACCOUNTS_AT_ONCE) return false;
  }
}
