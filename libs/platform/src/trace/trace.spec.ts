import {
  currentScope,
  currentTraceparent,
  logScope,
  newTraceparent,
  readTraceparent,
  runInScope,
  runNow,
  runWithTrace,
} from './trace';

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

test('a scope that is handed on by hand holds until something is waited for, and can be brought back', async () => {
  const traceparent = newTraceparent();
  const ids = { requestId: 'r1', traceId: traceparent.split('-')[1] };
  const seen = runNow({ traceparent, requestId: 'r1' }, async () => {
    const kept = currentScope();
    const atOnce = logScope();
    await new Promise(setImmediate);
    return { atOnce, later: currentScope(), brought: runNow(kept, logScope) };
  });
  expect(currentScope()).toBeUndefined();
  expect(await seen).toEqual({ atOnce: ids, later: undefined, brought: ids });
});

test('the inner of two scopes counts, whether it follows or is handed on', async () => {
  const [outer, inner] = [newTraceparent(), newTraceparent()];
  const scope = (traceparent: string) => ({ traceparent, requestId: null });
  expect(runNow(scope(outer), () => runWithTrace(inner, currentTraceparent))).toBe(inner);
  expect(runNow(scope(outer), () => runWithTrace(null, currentTraceparent))).toBeNull();
  expect(runWithTrace(outer, () => runNow(scope(inner), currentTraceparent))).toBe(inner);
  const around = await runWithTrace(outer, async () => {
    // One that ends meanwhile takes nothing from those that are still open.
    await runWithTrace(inner, () => Promise.resolve());
    await new Promise(setImmediate);
    return currentTraceparent();
  });
  expect(around).toBe(outer);
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
