import RequestQueue from 'kafkajs/src/network/requestQueue';

const fulfill = RequestQueue.prototype.fulfillRequest;
let mended = false;

/**
 * From now on a connection's queue begins with a new map of the requests on their way whenever none is. In one that requests go into and out of
 * for ever, collections of young garbage keep requests that were answered long ago, with all that they sent (see `Latest`).
 */
export function forgetAnsweredRequests(): void {
  if (mended) return;
  mended = true;
  RequestQueue.prototype.fulfillRequest = function (this: RequestQueue, answer): void {
    fulfill.call(this, answer);
    if (this.inflight.size === 0) this.inflight = new Map();
  };
}
