import type { System } from '@huiliu/testing';
import { actions } from './behaviour/actions';
import { aConversation } from './behaviour/conversation';
import { hostile } from './behaviour/hostile';
import { killed } from './behaviour/killed';
import { mails } from './behaviour/mails';
import { once } from './behaviour/once';
import { resuming } from './behaviour/resume';
import { routing } from './behaviour/routing';
import { sight } from './behaviour/sight';
import { surfaces } from './behaviour/surfaces';
import { Stage } from './stage';

jest.setTimeout(120_000);

/** The same expectations of the product in either mode; `apps` are the processes that can be killed there. */
export function everything(start: () => Promise<System>, apps: readonly string[]): void {
  let system: System | undefined;
  let stage: Stage | undefined;
  const running = (): System => {
    if (system === undefined) throw new Error('the system did not start');
    return system;
  };
  const ready = (): Stage => {
    if (stage === undefined) throw new Error('the stage is not set');
    return stage;
  };

  beforeAll(async () => {
    system = await start();
    stage = await Stage.on(system);
  }, 180_000);

  afterAll(async () => {
    await system?.stop();
  }, 60_000);

  surfaces(ready);
  aConversation(ready);
  once(ready);
  resuming(ready);
  sight(ready);
  routing(ready);
  actions(ready);
  mails(ready);
  hostile(ready);
  killed(ready, running, apps);
}
