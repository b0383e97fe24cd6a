import type { Account, Agent, Team } from '@huiliu/contracts';
import { AgentClient, VisitorClient, call, eventually, expectStatus, uniqueName, type System } from '@huiliu/testing';

const PASSWORD = 'correct horse battery';

/** A running system with an admin; each test sets up its own account, team and people on it and so meets no other test. */
export class Stage {
  private constructor(
    readonly system: System,
    readonly admin: AgentClient,
  ) {}

  static async on(system: System): Promise<Stage> {
    return new Stage(system, await AgentClient.login(system.baseUrl, 'admin', system.adminPassword));
  }

  get baseUrl(): string {
    return this.system.baseUrl;
  }

  /** A website account that visitors can reach. */
  async account(config: Record<string, unknown> = { allowedOrigins: [] }): Promise<Account> {
    const account = await this.admin.post<Account>('/accounts', {
      channel: 'webchat',
      name: uniqueName('site'),
      config,
    });
    // The connector learns of it over the bus.
    await eventually(
      'the connector knows the account',
      async () => (await call(this.baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {} })).status < 300,
      20_000,
    );
    return account;
  }

  /** Someone who can log in; offline until they say otherwise. */
  async person(role: Agent['role'] = 'agent', capacity = 50): Promise<AgentClient> {
    const username = uniqueName('p').slice(-40);
    await this.admin.post<Agent>('/agents', {
      username,
      name: `坐席 ${username.slice(-4)}`,
      password: PASSWORD,
      role,
      capacity,
    });
    return AgentClient.login(this.baseUrl, username, PASSWORD);
  }

  team(
    accounts: readonly Account[],
    people: readonly AgentClient[],
    acceptSeconds: number | null = null,
  ): Promise<Team> {
    const agentIds = people.map((person) => person.me.id);
    return this.admin.post<Team>('/teams', {
      name: uniqueName('team').slice(-60),
      agentIds,
      accountIds: accounts.map((account) => account.id),
      acceptSeconds,
    });
  }

  visitor(account: Account, request: unknown = {}): Promise<VisitorClient> {
    return VisitorClient.open(this.baseUrl, account.id, request);
  }

  /** An account served by one online agent. */
  async desk(capacity = 50): Promise<{ account: Account; agent: AgentClient }> {
    const [account, agent] = await Promise.all([this.account(), this.person('agent', capacity)]);
    await this.team([account], [agent]);
    await agent.setPresence('online');
    return { account, agent };
  }
}

/** Waits until the conversation belongs to someone; answers it. */
export function assignedTo(viewer: AgentClient, conversationId: string, agentId?: string) {
  return eventually(`${conversationId} is assigned`, async () => {
    const conversation = await viewer.conversation(conversationId);
    const wanted = agentId === undefined ? conversation.assignee !== null : conversation.assignee?.id === agentId;
    return wanted && conversation;
  });
}

/** The texts of messages in the order given. */
export function textsOf(messages: readonly { content: { text: string } }[]): string[] {
  return messages.map((message) => message.content.text);
}

export { expectStatus };
