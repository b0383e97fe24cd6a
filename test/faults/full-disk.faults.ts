import path from 'node:path';
import { allIsFull, logAndSpoolAreFull } from './full-disk';
import { SmallDisk } from './harness/disk';
import { openInside, scene, type Inside } from './harness/inside';

jest.setTimeout(240_000);

describe('a full disk', () => {
  const disks: SmallDisk[] = [];
  const disk = (megabytes: number): SmallDisk => {
    const one = SmallDisk.mount(megabytes);
    disks.push(one);
    return one;
  };
  let world: Inside | undefined;
  afterEach(async () => {
    for (const one of disks) one.relieve();
    await world?.stop();
    for (const one of disks.splice(0)) one.unmount();
  });

  it('under data, spool and log of one process: a clear 503, and well again with room', async () => {
    const small = disk(48);
    const logFile = path.join(small.folder, 'huiliu.log');
    world = await openInside('embedded', { HUILIU_DATA: small.folder, LOG_LEVEL: 'debug' }, { logFile });
    expect(await scene(world, 'full disk', (inside) => allIsFull(inside, small, logFile))).toEqual([]);
  });

  it('under the broker’s log and then under the spool: 202 while there is room somewhere, and nothing lost', async () => {
    const [spool, log] = [disk(8), disk(160)];
    world = await openInside(
      'distributed',
      { HUILIU_DATA: spool.folder },
      { kafkaFolder: path.join(log.folder, 'broker') },
    );
    expect(await scene(world, 'full log', (inside) => logAndSpoolAreFull(inside, spool, log))).toEqual([]);
  });
});
