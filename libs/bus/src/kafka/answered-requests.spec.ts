import RequestQueue from 'kafkajs/src/network/requestQueue';
import { forgetAnsweredRequests } from './answered-requests';

it('begins with a new map of requests when all are answered, and loses none that is not', () => {
  forgetAnsweredRequests();
  const answered: number[] = [];
  const queue = Reflect.construct(RequestQueue, [
    { maxInFlightRequests: 5, logger: { debug: () => undefined, warn: () => undefined } },
  ]) as RequestQueue & { push(request: object): void; destroy(): void };
  const push = (correlationId: number): void =>
    queue.push({
      entry: { correlationId, resolve: () => answered.push(correlationId), reject: () => undefined },
      expectResponse: true,
      sendRequest: () => undefined,
    });
  const answer = (correlationId: number): void => queue.fulfillRequest({ correlationId, payload: null, size: 0 });
  const first = queue.inflight;
  push(1);
  push(2);
  answer(1);
  expect([queue.inflight === first, queue.inflight.size]).toEqual([true, 1]);
  answer(2);
  expect([queue.inflight === first, queue.inflight.size]).toEqual([false, 0]);
  push(3);
  answer(3);
  expect(answered).toEqual([1, 2, 3]);
  queue.destroy();
});
