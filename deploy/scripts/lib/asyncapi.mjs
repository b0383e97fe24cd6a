import { createRequire } from 'node:module';
import YAML from 'yaml';
import { inRepo } from './paths.mjs';

const require = createRequire(import.meta.url);
const REF = '#/components/schemas/';

/** `docs/asyncapi.yaml`: every topic with every event's JSON Schema, from the zod schemas of libs/contracts. */
export function asyncApi() {
  const contracts = require(inRepo('dist/libs/contracts/src/index.js'));
  const { z } = require('zod');
  const topics = [
    ...contracts.TOPICS.map((spec) => ({ spec, address: spec.name })),
    { spec: contracts.channelOutbound('{app}'), address: 'channel.outbound.{app}.v1' },
    { spec: contracts.channelMedia('{app}'), address: 'channel.media.{app}.v1' },
    { spec: contracts.dlqTopicOf('{topic}.v1'), address: '{topic}.dlq.v1' },
  ].map(({ spec, address }) => ({ ...spec, address, title: titleOf(address), events: eventsOf(spec.schema) }));

  const registry = z.registry();
  for (const [name, value] of Object.entries(contracts))
    if (value instanceof z.ZodType && !registry.has(value)) registry.add(value, { id: name });
  for (const topic of topics)
    for (const event of topic.events) registry.add(event.schema, { id: `${topic.title}.${event.type}` });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${REF}${id}`, io: 'input', unrepresentable: 'any' });

  return `${HEADER}${YAML.stringify(documentOf(topics, reachable(topics, schemas)), { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

const HEADER = '# Generated from libs/contracts by `npm run generate`.\n';

const titleOf = (address) => address.replace(/\.v\d+$/, '').replaceAll(/[{}]/g, '');

function eventsOf(schema) {
  return schema.options.map((option) => ({ type: option.shape.type.value, schema: option }));
}

function documentOf(topics, schemas) {
  const messageName = (topic, event) => `${topic.title}.${event.type}`;
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Huiliu 汇流',
      version: '1',
      description: 'What the apps tell each other. A record is an envelope; its key decides the order.',
    },
    channels: Object.fromEntries(
      topics.map((topic) => [
        topic.title,
        {
          address: topic.address,
          ...parametersOf(topic.address),
          messages: Object.fromEntries(
            topic.events.map((event) => [event.type, { $ref: `#/components/messages/${messageName(topic, event)}` }]),
          ),
          bindings: {
            kafka: {
              partitions: topic.partitions,
              topicConfiguration: topic.compacted
                ? { 'cleanup.policy': ['compact'] }
                : { 'cleanup.policy': ['delete'], 'retention.ms': topic.retentionMs },
            },
          },
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        topics.flatMap((topic) =>
          topic.events.map((event) => [
            messageName(topic, event),
            {
              name: event.type,
              contentType: 'application/json',
              payload: { $ref: `${REF}${messageName(topic, event)}` },
            },
          ]),
        ),
      ),
      schemas,
    },
  };
}

function parametersOf(address) {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  return names.length === 0 ? {} : { parameters: Object.fromEntries(names.map((name) => [name, {}])) };
}

/** The schemas that events lead to, sorted, without the addresses that they carried while being made. */
function reachable(topics, schemas) {
  const found = new Map();
  const visit = (id) => {
    if (found.has(id)) return;
    const { $schema: _dialect, $id: _address, ...schema } = schemas[id];
    found.set(id, schema);
    for (const match of JSON.stringify(schema).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) visit(match[1]);
  };
  for (const topic of topics) for (const event of topic.events) visit(`${topic.title}.${event.type}`);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
