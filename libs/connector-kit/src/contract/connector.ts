import type { ChannelDefinition, ContentKind } from '@huiliu/contracts';
import { configJsonSchema, secretPaths } from './config-schema';
import type { AccountContext } from './context';
import type { ConfigOf, DefinitionInput } from './definition';
import type { AnyRuntime, Encoders, RuntimeOf } from './runtime';
import type { SendPart } from './sending';

/** A connector as the host runs it: its definition's type is gone, what it promised was checked by `defineConnector`. */
export interface Connector {
  readonly definition: DefinitionInput;
  readonly secrets: readonly string[];
  describe(app: string): ChannelDefinition;
  encode(part: SendPart, account: AccountContext['account']): unknown;
  open(context: AccountContext): AnyRuntime;
}

/** The definition as the `channels` topic carries it. */
export function describeChannel(definition: DefinitionInput, app: string): ChannelDefinition {
  const { config, keyedSends: _kept, tracksService: _told, ...data } = definition;
  const configSchema = configJsonSchema(config);
  return structuredClone({
    ...data,
    app,
    configSchema,
    secrets: secretPaths(configSchema),
  }) as unknown as ChannelDefinition;
}

/** Puts a connector together; does not compile where the code does less, or other, than the definition says. */
export function defineConnector<const D extends DefinitionInput, Request>(connector: {
  readonly definition: D;
  readonly encoders: Encoders<D, Request>;
  open(context: AccountContext<ConfigOf<D>, D>): RuntimeOf<D, Request>;
}): Connector {
  const encoders = new Map(Object.entries(connector.encoders)) as unknown as Map<
    ContentKind,
    (part: SendPart, account: unknown) => Request
  >;
  const secrets = secretPaths(configJsonSchema(connector.definition.config));
  return {
    definition: connector.definition,
    secrets,
    describe: (app) => describeChannel(connector.definition, app),
    encode: (part, account) => {
      const encoder = encoders.get(part.content.kind);
      if (encoder === undefined) throw new Error(`no encoder for ${part.content.kind}`);
      return encoder(part, account);
    },
    open: (context) => connector.open(context as unknown as AccountContext<ConfigOf<D>, D>) as unknown as AnyRuntime,
  };
}
