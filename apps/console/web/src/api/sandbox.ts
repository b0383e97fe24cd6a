/** The sandbox beside us, outside production: it plays platforms, and registers accounts at them. */
export interface SandboxChannel {
  readonly channel: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly registers: boolean;
}

/** The channels at which one can register in the sandbox; none where there is no sandbox. */
export async function sandboxChannels(signal: AbortSignal): Promise<SandboxChannel[]> {
  const response = await fetch('/sandbox/api/channels', { signal });
  if (!response.ok) return [];
  const { items } = (await response.json()) as { items: SandboxChannel[] };
  return items.filter(({ registers }) => registers);
}

/** What the platform gives somebody who registers: the config of an account of ours. */
export async function registerAtSandbox(channel: string): Promise<Record<string, unknown>> {
  const response = await fetch(`/sandbox/api/platforms/${encodeURIComponent(channel)}/registrations`, {
    method: 'POST',
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return ((await response.json()) as { config: Record<string, unknown> }).config;
}
