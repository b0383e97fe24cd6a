import fc from 'fast-check';
import { Latest } from './latest';

describe('what came last', () => {
  it('is kept within its number and its bytes, the newest first, however often it comes', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(9), fc.nat(30)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 80 }), (some, most, mostBytes) => {
        const latest = new Latest<number, number>(most, mostBytes);
        let model: [key: number, bytes: number][] = [];
        for (const [kind, key, bytes] of some) {
          model = model.filter(([other]) => other !== key);
          if (kind === 'add') {
            latest.add(key, bytes, bytes);
            model.push([key, bytes]);
          } else latest.delete(key);
          while (model.length > most || model.reduce((sum, [, size]) => sum + size, 0) > mostBytes) model.shift();
          for (let k = 0; k < 10; k++) expect(latest.get(k)).toBe(model.find(([other]) => other === k)?.[1]);
        }
      }),
    );
  });

  it('holds no more places than it has values, whatever stays of what came first', () => {
    const latest = new Latest<number, number>(5_000, Infinity);
    latest.add(-1, -1, 1);
    for (let i = 0; i < 20_000; i++) {
      latest.add(i, i, 1);
      if (i >= 10) latest.delete(i - 10);
    }
    expect([latest.size, latest.get(-1), latest.get(19_990), latest.get(19_989)]).toEqual([11, -1, 19_990, undefined]);
    expect((latest as unknown as { kept: unknown[] }).kept.length).toBeLessThan(1_100);
  });
});
