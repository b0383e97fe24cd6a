/** Longer than the apps take to answer anything. */
export const ANSWER_MS = 130_000;

/** Nothing was sent: another process may be asked. */
export class NotConnected extends Error {}
