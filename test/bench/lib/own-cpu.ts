import { addCpu, perMessage, type CpuUse } from './cpu';
import { round } from './scene';

/** What is not the product: broker, database and the load. */
const OTHERS = new Set(['kafka', 'database', 'load', 'harness', 'visitors', 'watchers', 'floor']);

/** CPU per message, of the product alone and of each process. */
export function cpuFigures(
  uses: readonly CpuUse[],
  messages: number,
): { cpuMicrosPerMessage: number; cpuByProcess: Record<string, number> } {
  const cpuByProcess = perMessage(addCpu(uses), messages);
  const own = Object.entries(cpuByProcess).filter(([name]) => !OTHERS.has(name));
  return { cpuMicrosPerMessage: round(own.reduce((sum, [, micros]) => sum + micros, 0)), cpuByProcess };
}
