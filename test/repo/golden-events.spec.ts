import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TOPICS, channelMedia, channelOutbound, dlqTopicOf, type TopicSpec } from '@huiliu/contracts';
import { z } from 'zod';

/** Events as they were written once. Files are added here, never edited: today's code must read yesterday's records. */
const GOLDEN = path.resolve(__dirname, '../golden/v1');

const topics: [folder: string, spec: TopicSpec][] = [
  ...TOPICS.map((spec): [string, TopicSpec] => [spec.name.replace(/\.v\d+$/, ''), spec]),
  ['channel.outbound', channelOutbound('connector-webchat')],
  ['channel.media', channelMedia('connector-wechat')],
  ['dlq', dlqTopicOf('channel.inbound.v1')],
];

/** The types that a topic's schema knows. */
function typesOf(spec: TopicSpec): string[] {
  if (!(spec.schema instanceof z.ZodDiscriminatedUnion)) throw new Error(`${spec.name} is not a union of event types`);
  return spec.schema.options.map((option) =>
    String((option as unknown as z.ZodObject<{ type: z.ZodLiteral<string> }>).shape.type.value),
  );
}

const read = (folder: string, file: string): unknown =>
  JSON.parse(readFileSync(path.join(GOLDEN, folder, file), 'utf8'));

describe('golden events', () => {
  it.each(topics)('%s: every event type has a golden event', (folder, spec) => {
    const missing = typesOf(spec).filter((type) => !existsSync(path.join(GOLDEN, folder, `${type}.json`)));
    expect(missing).toEqual([]);
  });

  const files = readdirSync(GOLDEN).flatMap((folder) =>
    readdirSync(path.join(GOLDEN, folder)).map((file): [string, string] => [folder, file]),
  );

  it.each(files)('%s/%s is read by the schema of today, with nothing lost', (folder, file) => {
    const spec = topics.find(([name]) => name === folder)?.[1];
    const golden = read(folder, file);
    // A field that today's schema no longer knows would be dropped without a word; one that it now fills in is fine.
    expect(spec?.schema.parse(golden)).toMatchObject(golden as object);
  });
});
