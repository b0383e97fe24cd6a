const failures = new WeakMap<object, { readonly error: unknown }>();

/** Notes what a handler threw for a batch, before exception filters turn it into something else. */
export function rememberFailure(batch: object, error: unknown): void {
  failures.set(batch, { error });
}

/** What a handler threw for a batch; undefined when it threw nothing. */
export function failureOf(batch: object): { readonly error: unknown } | undefined {
  return failures.get(batch);
}
