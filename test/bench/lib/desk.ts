import type { Account, Agent } from '@huiliu/contracts';
import { AgentClient, call, eventually } from '@huiliu/testing';
import type { Product } from './product';

export const AGENTS = 20;
const CAPACITY = 500;
const PASSWORD = 'correct horse battery';

/** A website account and the agents who answer for it: no team, so that each of them sees every conversation. */
export interface Desk {
  readonly accountId: string;
  readonly agents: readonly AgentClient[];
}

export async function openDesk({ baseUrl, adminPassword }: Product, agents = AGENTS): Promise<Desk> {
  const admin = await AgentClient.login(baseUrl, 'admin', adminPassword);
  const account = await admin.post<Account>('/accounts', {
    channel: 'webchat',
    name: 'bench',
    config: { allowedOrigins: [] },
  });
  await eventually(
    'the connector knows the account',
    async () => (await call(baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {} })).status < 300,
    20_000,
  );
  const people: AgentClient[] = [];
  for (let nth = 0; nth < agents; nth++) {
    const username = `bench-${nth}`;
    await admin.post<Agent>('/agents', {
      username,
      name: `坐席 ${nth}`,
      password: PASSWORD,
      role: 'agent',
      capacity: CAPACITY,
    });
    const agent = await AgentClient.login(baseUrl, username, PASSWORD);
    await agent.setPresence('online');
    people.push(agent);
  }
  return { accountId: account.id, agents: people };
}
