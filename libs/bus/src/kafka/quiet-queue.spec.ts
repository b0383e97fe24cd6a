import RequestQueue from 'kafkajs/src/network/requestQueue';
import { keepQueuesQuiet } from './quiet-queue';

interface Queue {
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  push(request: object): void;
  fulfillRequest(response: { correlationId: number; payload: null; size: number }): void;
  destroy(): void;
}

test('the queue of a connection looks again while a request waits in it, and not when all are sent', () => {
  keepQueuesQuiet();
  const sent: number[] = [];
  const queue = Reflect.construct(RequestQueue, [
    { maxInFlightRequests: 1, logger: { debug: () => undefined, warn: () => undefined } },
  ]) as Queue;
  const push = (correlationId: number): void =>
    queue.push({
      entry: { correlationId, resolve: () => undefined, reject: () => undefined },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    });
  const answer = (correlationId: number): void => queue.fulfillRequest({ correlationId, payload: null, size: 0 });
  push(1);
  answer(1);
  expect(queue.throttleCheckTimeoutId).toBeNull();
  push(2);
  push(3);
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
  answer(2);
  expect(sent).toEqual([1, 2, 3]);
  answer(3);
  expect(queue.throttleCheckTimeoutId).toBeNull();
});
