export { AccountDirectory, type AccountChange, type AccountEntry } from './accounts/account-directory';
export { ConnectorHostModule } from './connector-host.module';
export { configJsonSchema, field, type FieldTitle, mapPaths, secretPaths } from './contract/config-schema';
export { type Connector, defineConnector, describeChannel } from './contract/connector';
export type { ConfigOf, DefinitionInput, Ingress, SendableKind } from './contract/definition';
export type { AccountCheck, AnyRuntime, Encoders, Pulled, RuntimeOf } from './contract/runtime';
export type { SendPart, SendResult, SendTarget } from './contract/sending';
export type { ServiceChange } from './contract/service';
export type { AccountContext, SignedCall } from './contract/context';
export { ConnectorError, type ErrorKind, WebhookRefusal } from './contract/errors';
export type { InboundContent, InboundEvent, PlatformReceipt } from './contract/events';
export { type Opaque, opaqueId } from './contract/remote-ids';
export { type WebhookOutcome, WebhookRequest, type WebhookResponse } from './contract/webhook';
export { asText, partKey, planSend, type SendPlan } from './domain/plan';
export { splitText, type TextLimits } from './domain/split';
export { connectorPrefix, type HostOptions } from './host-options';
export { AddressPolicy } from './http/address-policy';
export {
  type FetchFailure,
  GuardedFetch,
  GuardedFetchError,
  type GuardedRequest,
  type GuardedResponse,
  type ResolvedAddress,
  type Resolver,
} from './http/guarded-fetch';
export { callErrors, type Meaning, refusalOf } from './http/platform-errors';
export { EventGate } from './inbound/event-gate';
export { InboundPublisher } from './inbound/inbound-publisher';
export { type FileDownload, type FileUpload, InboxClient } from './inbox/inbox-client';
export { Uploads } from './inbox/uploads';
export { RuntimeHost, type Running } from './runtimes/runtime-host';
export { runConnector } from './run-connector';
export { connectorSchema } from './schema';
