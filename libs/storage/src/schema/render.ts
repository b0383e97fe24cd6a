import type { Dialect } from '../database';
import type { SchemaModule } from '../migrations';

/** All steps of all modules as SQL text, in the order in which they are applied, for people to read and reviews to compare. */
export function renderSchema(dialect: Dialect, modules: readonly SchemaModule[]): string {
  const steps = modules.flatMap(({ prefix, steps }) => steps.map((step) => ({ prefix, step })));
  steps.sort(
    (a, b) =>
      compare(a.step.id.slice(0, 11), b.step.id.slice(0, 11)) ||
      compare(a.prefix, b.prefix) ||
      compare(a.step.id, b.step.id),
  );
  const parts = steps.map(
    ({ prefix, step }) => `-- ${prefix}: ${step.id}\n${step.up[dialect].map((sql) => `${sql};\n`).join('')}`,
  );
  return `-- Generated from the schema steps of the apps; do not edit.\n\n${parts.join('\n')}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
