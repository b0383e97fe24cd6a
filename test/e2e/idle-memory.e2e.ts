import { startSuite, type System } from '@huiliu/testing';

const MOST_MB = 250;

describe('the suite, idle', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSuite();
  }, 90_000);

  afterAll(() => system?.stop());

  it(`needs no more than ${MOST_MB} MB`, async () => {
    const { suite } = await system.memory();
    expect(suite).toBeLessThanOrEqual(MOST_MB);
  });
});
