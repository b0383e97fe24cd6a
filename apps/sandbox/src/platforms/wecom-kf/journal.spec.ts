import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Entry, Journal } from './journal';

describe('the journal of what customers wrote', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'huiliu-journal-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const item = (text: string): Entry => ({ type: 'item', customer: 'a', item: { text } });

  it('finds each entry where it stands, also after a process that was killed while it wrote', () => {
    const first = new Journal(folder);
    expect(first.read()).toEqual([]);
    const places = [first.add(item('一 \n \ud800')), first.add(item('two'))];
    appendFileSync(join(folder, 'journal.jsonl'), Buffer.from('{"type":"item","customer":"微').subarray(0, -1));
    const second = new Journal(folder);
    const known = second.read();
    expect(known.map(({ place }) => place)).toEqual(places);
    const third = second.add(item('三'));
    expect(second.at([places[1]!, third])).toEqual([item('two'), item('三')]);
    const again = new Journal(folder).read().map(({ entry }) => entry);
    expect(again).toEqual([...known.map(({ entry }) => entry), item('三')]);
  });
});
