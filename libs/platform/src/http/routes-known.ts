/** The routes of an app, to tell "no such page" from "not with this method". */
export class KnownRoutes {
  private readonly patterns = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();

  add(url: string, method: string | readonly string[]): void {
    // A wildcard (pages, files) knows no paths: it makes nothing of what it does not answer.
    if (url.includes('*')) return;
    let known = this.patterns.get(url);
    if (known === undefined) this.patterns.set(url, (known = { matches: toRegExp(url), methods: new Set() }));
    for (const name of Array.isArray(method) ? (method as readonly string[]) : [method as string])
      known.methods.add(name);
  }

  /** The methods that a path answers to; empty when there is no such path. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const known of this.patterns.values())
      if (known.matches.test(path)) for (const method of known.methods) methods.add(method);
    return [...methods].sort();
  }
}

function toRegExp(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
