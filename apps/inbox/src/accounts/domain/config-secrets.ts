/** An account's configuration, or a part of it. */
export type ConfigTree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is ConfigTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands at a dotted path; undefined where nothing does. */
export function valueAt(config: ConfigTree, path: string): unknown {
  let value: unknown = config;
  for (const step of path.split('.')) {
    if (!isTree(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** A copy with `value` at a dotted path; undefined removes what is there. The objects on the way are made where missing. */
export function withValueAt(config: ConfigTree, path: string, value: unknown): Record<string, unknown> {
  const [step, ...rest] = path.split('.') as [string, ...string[]];
  const copy: Record<string, unknown> = { ...config };
  if (rest.length > 0) {
    const inner = Object.hasOwn(copy, step) ? copy[step] : undefined;
    if (isTree(inner) || (inner === undefined && value !== undefined))
      copy[step] = withValueAt(isTree(inner) ? inner : {}, rest.join('.'), value);
  } else if (value === undefined) delete copy[step];
  else copy[step] = value;
  return copy;
}

/** A copy without what stands at the paths. */
export function withoutSecrets(config: ConfigTree, secrets: readonly string[]): Record<string, unknown> {
  return secrets.reduce<Record<string, unknown>>((copy, path) => withValueAt(copy, path, undefined), { ...config });
}

/** A copy in which every secret that is there has gone through `change`. */
export function mapSecrets(
  config: ConfigTree,
  secrets: readonly string[],
  change: (secret: string) => string,
): Record<string, unknown> {
  return secrets.reduce<Record<string, unknown>>(
    (copy, path) => {
      const value = valueAt(copy, path);
      return typeof value === 'string' ? withValueAt(copy, path, change(value)) : copy;
    },
    { ...config },
  );
}

/** Fields that say where secrets are sent to. */
const DESTINATIONS: ReadonlySet<string> = new Set(['apiBase', 'host', 'port', 'endpoint', 'tokenUrl']);

/** Whether two configurations differ in where they would send secrets to: an `apiBase`, an endpoint, a host or a port, at any depth. */
export function destinationChanged(before: ConfigTree, after: ConfigTree): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of keys) {
    const [a, b] = [before[key], after[key]];
    if (DESTINATIONS.has(key)) {
      if (JSON.stringify(a) !== JSON.stringify(b)) return true;
    } else if ((isTree(a) || isTree(b)) && destinationChanged(isTree(a) ? a : {}, isTree(b) ? b : {})) return true;
  }
  return false;
}
