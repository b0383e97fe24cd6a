/** 600 requests a minute per address; not on webhooks, the sandbox (never in production), our own processes' calls, probes, nor on open sockets. */
export const GLOBAL_RATE = { bucket: 'address', perMinute: 600, burst: 600 } as const;

/** True for paths that the global limit leaves alone. */
export function isUnlimited(path: string): boolean {
  return /^\/(webhooks|internal|sandbox\/(platform|api))\/|^\/(healthz|readyz|metrics)$/.test(path);
}
