import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import YAML from 'yaml';

const ROOT = path.resolve(__dirname, '../..');
const GOLDEN = path.join(ROOT, 'test/golden/v1');

interface AsyncApi {
  readonly channels: Record<string, { readonly address: string; readonly messages: Record<string, unknown> }>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** The document's name of a golden folder's topic: these have a name with a gap. */
const CHANNEL_OF: Record<string, string> = {
  'channel.outbound': 'channel.outbound.app',
  'channel.media': 'channel.media.app',
  dlq: 'topic.dlq',
};

describe('docs/asyncapi.yaml', () => {
  const document = YAML.parse(readFileSync(path.join(ROOT, 'docs/asyncapi.yaml'), 'utf8')) as AsyncApi;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: 'asyncapi', components: document.components });
  const golden = readdirSync(GOLDEN).flatMap((folder) =>
    readdirSync(path.join(GOLDEN, folder)).map((file): [string, string] => [folder, file]),
  );

  it.each(golden)('describes %s/%s as it is written', (folder, file) => {
    const event = JSON.parse(readFileSync(path.join(GOLDEN, folder, file), 'utf8')) as { type: string };
    const { type } = event;
    const channel = CHANNEL_OF[folder] ?? folder;
    expect(Object.keys(document.channels[channel]?.messages ?? {})).toContain(type);
    const validate = ajv.getSchema(`asyncapi#/components/schemas/${channel}.${type}`);
    expect([validate?.(event), validate?.errors ?? null]).toEqual([true, null]);
  });

  it('says how each topic is made', () => {
    expect(document.channels['routing.work']).toMatchObject({
      address: 'routing.work.v1',
      bindings: { kafka: { partitions: 1 } },
    });
    expect(document.channels['accounts']).toMatchObject({
      bindings: { kafka: { topicConfiguration: { 'cleanup.policy': ['compact'] } } },
    });
  });
});
