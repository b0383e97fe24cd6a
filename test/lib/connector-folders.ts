import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { DefinitionInput } from '@huiliu/connector-kit';

const APPS = path.resolve(__dirname, '../../apps');

/** A connector as its folder says it: where its `definition.ts` is, and the app that hosts it. */
export interface ConnectorFolder {
  readonly app: string;
  readonly folder: string;
  readonly definition: DefinitionInput;
}

/** Every folder with a `definition.ts` under `apps/connector-…/src`; nothing lists them. */
export function connectorFolders(): ConnectorFolder[] {
  const apps = readdirSync(APPS).filter((app) => app.startsWith('connector-'));
  return apps.flatMap((app) => {
    const source = path.join(APPS, app, 'src');
    if (!existsSync(source)) return [];
    return readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => path.basename(file) === 'definition.ts')
      .map((file) => {
        const folder = path.dirname(path.join(source, file));
        return { app, folder, definition: loaded<{ definition: DefinitionInput }>(folder, 'definition').definition };
      });
  });
}

/** The one module of a connector's app, by the name that it has by custom. */
export function moduleOf({ app }: ConnectorFolder): unknown {
  const name = `${app.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase())}Module`;
  const found = loaded<Record<string, unknown>>(path.join(APPS, app, 'src'), `${app}.module`)[name];
  if (found === undefined) throw new Error(`${app}.module.ts exports no ${name}`);
  return found;
}

/** What is found by folder cannot be imported by name. */
const loaded = <T extends object>(folder: string, file: string): T => jest.requireActual<T>(path.join(folder, file));
