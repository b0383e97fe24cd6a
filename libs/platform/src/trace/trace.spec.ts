import { currentTraceparent, logScope, newTraceparent, readTraceparent, runInScope, runWithTrace } from './trace';

test('a trace is carried through what is awaited, and no further', async () => {
  const [one, two] = [newTraceparent(), newTraceparent()];
  expect(currentTraceparent()).toBeNull();
  const seen = await Promise.all(
    [one, two].map((trace) =>
      runWithTrace(trace, async () => {
        await new Promise(setImmediate);
        return currentTraceparent();
      }),
    ),
  );
  expect(seen).toEqual([one, two]);
  expect(currentTraceparent()).toBeNull();
  expect(runWithTrace(one, () => runWithTrace(null, currentTraceparent))).toBeNull();
});

test('log lines name the request and the trace', () => {
  const traceparent = newTraceparent();
  expect(logScope()).toEqual({});
  expect(runInScope({ traceparent, requestId: 'r1' }, logScope)).toEqual({
    requestId: 'r1',
    traceId: traceparent.split('-')[1],
  });
  expect(runInScope({ traceparent: null, requestId: 'r1' }, () => runWithTrace(traceparent, logScope))).toMatchObject({
    requestId: 'r1',
  });
});

test.each([
  undefined,
  1,
  '',
  'x',
  `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
  `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
  `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
  `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01\r\nx: y`,
])('%s is no traceparent', (value) => expect(readTraceparent(value)).toBeNull());

test('what we make is one', () => {
  const made = newTraceparent();
  expect(readTraceparent(made)).toBe(made);
});
