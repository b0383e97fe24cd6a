declare const brand: unique symbol;

/** A platform's id, opaque: built and read in a connector's `ids.ts` only. 64-bit numbers stay strings. */
export type Opaque<Name extends string> = string & { readonly [brand]: Name };

/** Checks and brands what a platform calls an id. Numbers beyond 2^53 have lost digits by now and are refused. */
export function opaqueId<Name extends string>(value: unknown, name: Name): Opaque<Name> {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value) as Opaque<Name>;
  if (typeof value === 'bigint') return value.toString() as Opaque<Name>;
  if (typeof value === 'string' && value.length > 0 && value.length <= 512) return value as Opaque<Name>;
  throw new TypeError(`${name}: not an id`);
}
