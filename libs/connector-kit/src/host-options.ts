import type { Connector } from './contract/connector';

/** What an app says when it makes itself a host of connectors. */
export interface HostOptions {
  /** The app's name: its outbound topic is `channel.outbound.<app>`. */
  readonly app: string;
  readonly connectors: readonly Connector[];
  /** How much the spool may hold. */
  readonly spoolMaxBytes?: number;
  /** How long one call to a platform may take before its end counts as unknown. */
  readonly callMs?: number;
  /** How many conversations are sent to at once. */
  readonly sendsAtOnce?: number;
}

export const HOST_OPTIONS = Symbol('connector host options');

/** What an app's connector tables begin with: several hosts may share one process and its database. */
export function connectorPrefix(app: string): string {
  return app.replaceAll('-', '_');
}
