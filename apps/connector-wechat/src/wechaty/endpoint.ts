import { ConnectorError, type GuardedFetch, GuardedFetchError } from '@huiliu/connector-kit';
import { parseJson } from '@huiliu/wire';
import { z } from 'zod';
import type { WechatyConfig } from './definition';

/** Where wechaty's own client looks a token up. */
const DISCOVERY = 'https://api.chatie.io/v0/hosties/';

const Found = z.object({ host: z.string().min(1).max(255), port: z.coerce.number().int().min(1).max(65535) });

/** Where the puppet service of an account listens, as an address that outgoing connections may go to. Throws `ConnectorError`. */
export async function endpointOf(config: WechatyConfig, fetch: GuardedFetch): Promise<string> {
  const { host, port } = config.endpoint === undefined ? await discover(config.token, fetch) : split(config.endpoint);
  try {
    // The client is given the address that was checked, not a name that it would resolve once more.
    const { address, family } = await fetch.pin(host, port);
    return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  } catch (error) {
    if (error instanceof GuardedFetchError && error.failure === 'refused')
      throw new ConnectorError('rejected', 'address_refused', 'Puppet 服务的地址不被允许访问（见 OUTBOUND_ALLOW）');
    throw new ConnectorError('transient', 'no_address', 'Puppet 服务的地址无法解析', { cause: error });
  }
}

function split(endpoint: string): { host: string; port: number } {
  const at = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(endpoint.slice(at + 1)) };
}

async function discover(token: string, fetch: GuardedFetch): Promise<z.infer<typeof Found>> {
  const answer = await fetch
    .fetch(`${DISCOVERY}${encodeURIComponent(token)}`, { maxBytes: 16 * 1024 })
    .catch(() => null);
  if (answer === null || answer.status >= 500)
    throw new ConnectorError('transient', 'no_discovery', '暂时查不到 Puppet 服务的地址，也可以在账号里直接填写');
  const found = Found.safeParse(answer.status === 200 ? jsonOf(answer.body) : null);
  if (!found.success)
    throw new ConnectorError('auth', 'no_endpoint', '这个令牌没有对应的 Puppet 服务：请检查令牌，或填写服务地址');
  return found.data;
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body.toString('utf8'));
  } catch {
    return null;
  }
}
