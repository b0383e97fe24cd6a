import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ConversationAccess, Role } from '@huiliu/contracts';
import { deriveId } from '@huiliu/platform';
import { openDatabase, toDbTime, type OpenStorage } from '@huiliu/storage';
import { INBOX_SCHEMA } from '../../schema';
import { AccessRules, type AccessTeam } from './access';

const ids = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => deriveId(kind, String(i)));
const AGENTS = ids('agent', 4);
const TEAMS = ids('team', 3);
const ACCOUNTS = ids('account', 3);
const ROLES: readonly Role[] = ['agent', 'supervisor', 'admin'];

const team = (id: string, over: Partial<AccessTeam> = {}): AccessTeam => ({
  id,
  agentIds: [],
  accountIds: [],
  ownOnly: false,
  ...over,
});
const [ANN, BEN] = AGENTS as [string, string];
const [T1, T2] = TEAMS as [string, string];
const [SHOP, MAIL] = ACCOUNTS as [string, string];
const at = (over: Partial<ConversationAccess> = {}): ConversationAccess => ({
  assigneeId: null,
  teamId: null,
  accountId: SHOP,
  ...over,
});
const agent = (id: string, role: Role = 'agent') => ({ id, role });

describe('who sees what', () => {
  const rules = new AccessRules([team(T1, { agentIds: [ANN], accountIds: [SHOP] }), team(T2)]);

  it('the assignee sees, whatever the team', () => {
    expect(rules.canSee(agent(BEN), at({ assigneeId: BEN, teamId: T1 }))).toBe(true);
  });

  it('a team sees its own, and what has no team on an account that it serves', () => {
    expect(rules.canSee(agent(ANN), at({ teamId: T1, accountId: MAIL }))).toBe(true);
    expect(rules.canSee(agent(ANN), at({ teamId: T2 }))).toBe(false);
    expect(rules.canSee(agent(ANN), at())).toBe(true);
    expect(rules.canSee(agent(BEN), at())).toBe(false);
  });

  it('any agent sees what nobody serves, unless that is for admins', () => {
    expect(rules.canSee(agent(BEN), at({ accountId: MAIL }))).toBe(true);
    const strict = new AccessRules([], true);
    expect(strict.canSee(agent(BEN), at({ accountId: MAIL }))).toBe(false);
    expect(strict.canSee(agent(BEN, 'admin'), at({ accountId: MAIL }))).toBe(true);
  });

  it('supervisors see likewise and admins see all', () => {
    expect(rules.canSee(agent(BEN, 'supervisor'), at())).toBe(false);
    expect(rules.canSee(agent(ANN, 'supervisor'), at())).toBe(true);
    expect(rules.canSee(agent(BEN, 'admin'), at({ teamId: T2, assigneeId: ANN }))).toBe(true);
  });

  it('a team of own conversations narrows its agents, not its supervisors', () => {
    const own = new AccessRules([team(T1, { agentIds: [ANN], accountIds: [SHOP], ownOnly: true })]);
    expect(own.canSee(agent(ANN), at({ teamId: T1 }))).toBe(false);
    expect(own.canSee(agent(ANN), at({ accountId: MAIL }))).toBe(false);
    expect(own.canSee(agent(ANN), at({ teamId: T1, assigneeId: ANN }))).toBe(true);
    expect(own.canSee(agent(ANN, 'supervisor'), at({ teamId: T1 }))).toBe(true);
  });
});

describe('the condition for queries', () => {
  let folder: string;
  let storage: OpenStorage;
  const conversations: { id: string; access: ConversationAccess }[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huiliu-access-'));
    storage = await openDatabase({
      url: `sqlite:${join(folder, 'test.sqlite')}`,
      dataDir: folder,
      prefix: 'inbox',
      schemas: [INBOX_SCHEMA],
    });
    for (const assigneeId of [null, ...AGENTS])
      for (const teamId of [null, ...TEAMS])
        for (const accountId of ACCOUNTS)
          conversations.push({
            id: deriveId('conversation', String(conversations.length)),
            access: { assigneeId, teamId, accountId },
          });
    const now = toDbTime(new Date());
    const columns = [
      'id',
      'channel',
      'account_id',
      'identity_id',
      'contact_id',
      'remote_conversation_id',
      'remote_key',
      'status',
      'assignee_id',
      'team_id',
    ];
    await storage.database.transaction((tx) =>
      tx.insertMany(
        'inbox_conversations',
        [...columns, 'priority', 'tags', 'last_message_at', 'created_at', 'updated_at'],
        conversations.map(({ id, access }) => {
          const where = [
            id,
            'webchat',
            access.accountId,
            id,
            id,
            id,
            id.padEnd(43, '0'),
            'open',
            access.assigneeId,
            access.teamId,
          ];
          return [...where, 'normal', '[]', now, now, now];
        }),
      ),
    );
  });

  afterAll(async () => {
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds exactly what the rule says, for any teams and viewer', async () => {
    const teams = fc.tuple(
      ...TEAMS.map((id) =>
        fc.record({
          id: fc.constant(id),
          agentIds: fc.subarray(AGENTS),
          accountIds: fc.subarray(ACCOUNTS),
          ownOnly: fc.boolean(),
        }),
      ),
    );
    const viewers = fc.record({ id: fc.constantFrom(...AGENTS), role: fc.constantFrom(...ROLES) });
    await fc.assert(
      fc.asyncProperty(
        teams,
        fc.integer({ min: 0, max: TEAMS.length }),
        viewers,
        fc.boolean(),
        async (all, count, viewer, unservedToAdmins) => {
          const rules = new AccessRules(all.slice(0, count), unservedToAdmins);
          const { sql, params } = rules.visibleWhere(viewer);
          const rows = await storage.database.query<{ id: string }>(
            `SELECT c.id FROM inbox_conversations c WHERE ${sql} ORDER BY c.id`,
            params,
          );
          const expected = conversations.filter(({ access }) => rules.canSee(viewer, access)).map(({ id }) => id);
          expect(rows.map(({ id }) => id)).toEqual(expected.sort());
        },
      ),
      { numRuns: 300 },
    );
  });
});
