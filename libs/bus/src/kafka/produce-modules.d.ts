/** What `lean-produce.ts`, `lean-fetch.ts` and `session-fetch.ts` replace. */
declare module 'kafkajs/src/protocol/requests' {
  interface Made {
    readonly request: {
      readonly apiVersion: number;
      readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: { readonly decode: (bytes: Buffer) => Promise<object> };
  }
  interface Definition {
    protocol(options: { readonly version: number | string }): (call: object) => Made;
  }
  const definitions: { requests: { readonly Produce: Definition; readonly Fetch: Definition } };
  export = definitions;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C' {
  function crc32C(bytes: Uint8Array): number;
  export = crc32C;
}
