import { eventually, pause } from '@huiliu/testing';
import type { Line, Load, Talk } from './load';
import { say, sayTable } from './say';
import type { Row } from './rows';
import type { World } from './world';

interface Stored extends Row {
  readonly id: string;
  readonly conversation_id: string;
  readonly seq: number;
  readonly direction: string;
  readonly text: string;
  readonly state: string;
}

interface Tally {
  readonly what: string;
  accepted: number;
  found: number;
  missing: number;
  doubled: number;
  disordered: number;
}

export interface RecountOptions {
  /** So long what is on its way may still take. */
  readonly settleMs?: number;
  /** Events that a test has made unreadable on purpose may be parked or dead. */
  readonly parkedAllowed?: boolean;
  /** Pages that were opened while everybody wrote show what came from then on: everything behind the first they have. */
  readonly lateScreens?: boolean;
  /** Pages that were told to load afresh have begun anew. */
  readonly reloadsAllowed?: boolean;
}

const SETTLE_MS = 90_000;
/** So long a record may stay in an outbox when nothing is in its way. */
const OUTBOX_MS = 10_000;
const MOST_NAMED = 12;
/** An answer has one of these in the end; `unknown` is honest, anything else is stuck. */
const SENT = new Set(['sent', 'delivered', 'read']);

/**
 * Counts again what became of everything acknowledged: in the database itself, on the pages that were open, and by what the customers
 * can read. Prints a table and answers what is wrong, in words; empty when nothing is.
 */
export async function recount(world: World, load: Load, options: RecountOptions = {}): Promise<string[]> {
  await settle(world, load, options.settleMs ?? SETTLE_MS);
  const wrong: string[] = [];
  const stored = await storedOf(world, load);
  const rows = [
    countLines('customers, stored', load.talks, (talk) => talk.said, inboundOf(stored), wrong),
    countLines('answers, stored', load.talks, (talk) => talk.answered, outboundOf(stored), wrong),
    await countCustomers(load, stored, wrong),
    countScreens(load, allSeqs(load, stored), options.lateScreens ?? false, wrong),
    ...(load.pages.size === 0 ? [] : [countPages(load, stored, wrong)]),
  ];
  checkSeqs(load, stored, wrong);
  checkStates(load, stored, wrong);
  await checkCommands(world, wrong);
  await checkRest(world, options, wrong);
  if (!options.reloadsAllowed)
    for (const screen of [...load.screens, ...load.pages.values()])
      if (screen.reloads > 0) wrong.push(`${screen.name} was told to load afresh ${screen.reloads} times`);
  sayTable([
    ['recount', 'accepted', 'found', 'missing', 'doubled', 'disordered'],
    ...rows.map((row) => [row.what, row.accepted, row.found, row.missing, row.doubled, row.disordered]),
  ]);
  say(
    `  answers by HTTP: ${[...load.answers]
      .map(([kind, count]) => `${kind} × ${count}`)
      .sort()
      .join(', ')}`,
  );
  const opened = [...load.screens, ...load.pages.values()].map((screen) => screen.opened);
  say(`  ${opened.length} pages, opened ${opened.reduce((sum, times) => sum + times, 0)} times`);
  say(wrong.length === 0 ? '  nothing is wrong' : `  WRONG: ${wrong.length}`);
  return wrong.length > MOST_NAMED ? [...wrong.slice(0, MOST_NAMED), `and ${wrong.length - MOST_NAMED} more`] : wrong;
}

/** Waits until nothing is on its way any more; when something is stuck the counting says what. */
async function settle(world: World, load: Load, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  const quiet = async (): Promise<boolean> => {
    const stored = await storedOf(world, load);
    const kept = new Set([...stored.values()].flat().map((row) => `${row.conversation_id} ${row.text}`));
    const all = load.talks.every(({ visitor, said, answered }) =>
      [...said.acknowledged, ...answered.acknowledged].every((text) => kept.has(`${visitor.conversationId} ${text}`)),
    );
    if (!all) return false;
    if ([...stored.values()].flat().some((row) => row.direction === 'outbound' && row.state === 'queued')) return false;
    for (const table of await world.rows.tables('_outbox'))
      if ((await count(world, `SELECT COUNT(*) AS n FROM ${table}`)) > 0) return false;
    const most = allSeqs(load, stored);
    const agentsHave = load.screens.every((screen) => {
      const shown = screen.shown();
      return [...most].every(([id, seqs]) => shown.get(id)?.at(-1) === seqs.at(-1));
    });
    return (
      agentsHave &&
      [...load.pages].every(([id, page]) => page.shown().get(id)?.at(-1) === forCustomer(stored, id).at(-1))
    );
  };
  await eventually('all is quiet', async () => (await quiet()) || (await pause(300), false), end - Date.now()).catch(
    () => say('  something is still on its way after all this time'),
  );
}

const count = async (world: World, sql: string): Promise<number> => Number((await world.rows.read(sql))[0]?.n ?? 0);

/** What the database holds of the load's conversations, each by `seq`. */
async function storedOf(world: World, load: Load): Promise<Map<string, Stored[]>> {
  const rows = await world.rows.read<Stored>(
    `SELECT m.id, m.conversation_id, m.seq, m.direction, m.text, m.state FROM inbox_messages m
     JOIN inbox_conversations c ON c.id = m.conversation_id
     WHERE c.account_id = '${load.account.id}' ORDER BY m.conversation_id, m.seq`,
  );
  const byConversation = new Map<string, Stored[]>();
  for (const row of rows) {
    const list = byConversation.get(row.conversation_id) ?? [];
    byConversation.set(row.conversation_id, list);
    list.push(row);
  }
  return byConversation;
}

type TextsOf = (talk: Talk) => string[];

const textsOf =
  (stored: Map<string, Stored[]>, direction: string): TextsOf =>
  ({ visitor }) =>
    (stored.get(visitor.conversationId) ?? []).filter((row) => row.direction === direction).map((row) => row.text);
const inboundOf = (stored: Map<string, Stored[]>): TextsOf => textsOf(stored, 'inbound');
const outboundOf = (stored: Map<string, Stored[]>): TextsOf => textsOf(stored, 'outbound');

/** Holds what was acknowledged against what was found. One that nobody heard of may be there at the end, and only there. */
function countLines(
  what: string,
  talks: readonly Talk[],
  lineOf: (talk: Talk) => Line,
  found: TextsOf,
  wrong: string[],
): Tally {
  const row: Tally = { what, accepted: 0, found: 0, missing: 0, doubled: 0, disordered: 0 };
  for (const talk of talks) {
    const { acknowledged, unsure } = lineOf(talk);
    const texts = found(talk);
    const distinct = new Set(texts);
    const missing = acknowledged.filter((text) => !distinct.has(text));
    const known = texts.filter((text) => text !== unsure);
    row.accepted += acknowledged.length;
    row.found += texts.length;
    row.missing += missing.length;
    row.doubled += texts.length - distinct.size;
    const ordered = acknowledged.filter((text) => distinct.has(text));
    const disordered = [...new Set(known)].filter((text, at) => ordered[at] !== text);
    row.disordered += disordered.length;
    const id = talk.visitor.conversationId;
    if (missing.length > 0) wrong.push(`${what}: ${id} misses ${missing.slice(0, 3).map(brief).join(', ')}`);
    if (texts.length !== distinct.size) wrong.push(`${what}: ${id} has something twice`);
    if (disordered.length > 0) wrong.push(`${what}: ${id} is out of order at ${brief(disordered[0] ?? '')}`);
  }
  return row;
}

const brief = (text: string): string => text.slice(0, 20);

/** What each customer can read: every answer, once and in order. */
async function countCustomers(load: Load, stored: Map<string, Stored[]>, wrong: string[]): Promise<Tally> {
  const row: Tally = { what: 'customers, read', accepted: 0, found: 0, missing: 0, doubled: 0, disordered: 0 };
  for (const { visitor } of load.talks) {
    const seen = (await visitor.messages()).map((message) => message.seq);
    const there = forCustomer(stored, visitor.conversationId);
    compare(row, visitor.conversationId, there, seen, wrong);
  }
  return row;
}

/** Every message of every conversation, once and in order, on pages that were cut off and came back. */
function countScreens(load: Load, expected: Map<string, number[]>, late: boolean, wrong: string[]): Tally {
  const what = `${load.screens.length} pages of agents`;
  const row: Tally = { what, accepted: 0, found: 0, missing: 0, doubled: 0, disordered: 0 };
  for (const screen of load.screens) {
    const shown = screen.shown();
    for (const [id, seqs] of expected) {
      const seen = shown.get(id) ?? [];
      const from = late ? (seen[0] ?? Infinity) : 1;
      const due = seqs.filter((seq) => seq >= from);
      compare(row, `${screen.name} ${id}`, due, seen, wrong);
    }
  }
  return row;
}

function countPages(load: Load, stored: Map<string, Stored[]>, wrong: string[]): Tally {
  const row: Tally = { what: 'pages of customers', accepted: 0, found: 0, missing: 0, doubled: 0, disordered: 0 };
  for (const [id, page] of load.pages) {
    compare(row, id, forCustomer(stored, id), page.shown().get(id) ?? [], wrong);
  }
  return row;
}

/** What a customer is shown of a conversation. */
const forCustomer = (stored: Map<string, Stored[]>, id: string): number[] =>
  (stored.get(id) ?? [])
    .filter((one) => one.direction === 'inbound' || one.direction === 'outbound')
    .map((one) => one.seq);

function compare(row: Tally, id: string, expected: readonly number[], seen: readonly number[], wrong: string[]): void {
  const distinct = new Set(seen);
  const missing = expected.filter((seq) => !distinct.has(seq));
  const doubled = seen.length - distinct.size;
  const firsts = [...distinct];
  const disordered = firsts.filter((seq, at) => at > 0 && seq < (firsts[at - 1] as number));
  row.accepted += expected.length;
  row.found += seen.length;
  row.missing += missing.length;
  row.doubled += doubled;
  row.disordered += disordered.length;
  if (missing.length > 0) wrong.push(`${row.what}: ${id} misses seq ${missing.slice(0, 5).join(', ')}`);
  if (doubled > 0) wrong.push(`${row.what}: ${id} had ${doubled} twice: ${seen.join(' ')}`);
  if (disordered.length > 0) wrong.push(`${row.what}: ${id} is out of order at seq ${disordered[0]}`);
}

const allSeqs = (load: Load, stored: Map<string, Stored[]>): Map<string, number[]> =>
  new Map(
    load.talks.map(({ visitor }) => [
      visitor.conversationId,
      (stored.get(visitor.conversationId) ?? []).map((row) => row.seq),
    ]),
  );

function checkSeqs(load: Load, stored: Map<string, Stored[]>, wrong: string[]): void {
  for (const [id, seqs] of allSeqs(load, stored)) {
    const hole = seqs.findIndex((seq, at) => seq !== at + 1);
    if (hole >= 0) wrong.push(`stored: ${id} has seq ${seqs[hole]} where ${hole + 1} belongs`);
  }
}

function checkStates(load: Load, stored: Map<string, Stored[]>, wrong: string[]): void {
  const byState = new Map<string, number>();
  for (const row of load.talks.flatMap(({ visitor }) => stored.get(visitor.conversationId) ?? [])) {
    if (row.direction !== 'outbound') continue;
    byState.set(row.state, (byState.get(row.state) ?? 0) + 1);
    if (!SENT.has(row.state) && row.state !== 'unknown') wrong.push(`answer ${row.id} is ${row.state}`);
  }
  say(`  answers are ${[...byState].map(([state, n]) => `${state} × ${n}`).join(', ') || 'none'}`);
}

/** Each command was given to the connector once, and none waits. */
async function checkCommands(world: World, wrong: string[]): Promise<void> {
  for (const table of await world.rows.tables('_outbound')) {
    const twice = await count(
      world,
      `SELECT COUNT(*) AS n FROM (SELECT message_id FROM ${table} WHERE kind = 'send' GROUP BY message_id, attempt HAVING COUNT(*) > 1) t`,
    );
    if (twice > 0) wrong.push(`${table}: ${twice} sends are there twice`);
    const waiting = await count(world, `SELECT COUNT(*) AS n FROM ${table} WHERE pending = 1`);
    if (waiting > 0) wrong.push(`${table}: ${waiting} commands wait`);
  }
}

/**
 * How many of the records that are in an outbox now stay there. Some may be on their way though nobody writes any more: a customer's page
 * tells what it has read, a time runs out, and what is sent is deleted a moment later.
 */
async function leftUnsent(world: World, table: string): Promise<number> {
  const last = Number((await world.rows.read<{ n: number | null }>(`SELECT MAX(n) AS n FROM ${table}`))[0]?.n ?? 0);
  const left = (): Promise<number> => count(world, `SELECT COUNT(*) AS n FROM ${table} WHERE n <= ${last}`);
  return eventually(`${table} has sent what it had`, async () => (await left()) === 0, OUTBOX_MS).then(() => 0, left);
}

/** Nothing is left behind on the way, nothing set aside that could be handled, nobody shares a conversation. */
async function checkRest(world: World, { parkedAllowed = false }: RecountOptions, wrong: string[]): Promise<void> {
  for (const table of await world.rows.tables('_outbox')) {
    const left = await leftUnsent(world, table);
    if (left > 0) wrong.push(`${table}: ${left} records were not sent`);
  }
  for (const table of parkedAllowed ? [] : await world.rows.tables('_parked')) {
    const [reason] = await world.rows.read<{ reason: string; n: number }>(
      `SELECT reason, COUNT(*) AS n FROM ${table} GROUP BY reason`,
    );
    if (reason !== undefined) wrong.push(`${table}: ${reason.n} events are set aside: ${reason.reason}`);
  }
  const shared = await count(
    world,
    'SELECT COUNT(*) AS n FROM (SELECT conversation_id FROM inbox_segments WHERE ended_at IS NULL GROUP BY conversation_id HAVING COUNT(*) > 1) t',
  );
  if (shared > 0) wrong.push(`${shared} conversations have two owners`);
}
