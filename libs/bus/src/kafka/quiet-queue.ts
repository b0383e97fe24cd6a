import RequestQueue from 'kafkajs/src/network/requestQueue';

const look = RequestQueue.prototype.scheduleCheckPendingRequests;
let mended = false;

/**
 * From its first answer on, the client's queue of each connection looks every millisecond whether a request waits that could not be sent at
 * once, for ever (kafkajs #1704): a process that does nothing takes some percent of a core. It is kept to that while one waits; who adds one,
 * and each answer, asks anew.
 */
export function keepQueuesQuiet(): void {
  if (mended) return;
  mended = true;
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) look.call(this);
  };
}
