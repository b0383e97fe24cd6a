import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describeConfig } from '@huiliu/platform';
import YAML from 'yaml';
import { z } from 'zod';

const ROOT = path.resolve(__dirname, '../..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

/** The part of the Compose specification that we use; an unknown key is a mistake. */
const Health = z.strictObject({
  test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()),
  interval: z.string().regex(/^\d+s$/),
  timeout: z.string().regex(/^\d+s$/),
  start_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  retries: z.number().int().positive(),
});
const Service = z.strictObject({
  image: z.string().regex(/^[a-z0-9/.-]+(:[a-z0-9.]+)?$/),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  restart: z.literal('unless-stopped'),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) }),
    )
    .optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.union([z.string(), z.number()])).optional(),
  ports: z.array(z.string().regex(/^\d+:\d+$/)).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/)).optional(),
  healthcheck: Health.optional(),
});
const Compose = z.strictObject({
  name: z.string(),
  'x-app': z.unknown(),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

/** Apps that run as processes of their own: all with a `main.ts`, but for those that another process plays. */
const PLAYED_BY_OTHERS = ['suite', 'console', 'sandbox'];
const apps = readdirSync(path.join(ROOT, 'apps')).filter(
  (app) => existsSync(path.join(ROOT, 'apps', app, 'src/main.ts')) && !PLAYED_BY_OTHERS.includes(app),
);

describe('docker-compose.yml', () => {
  const compose = Compose.parse(YAML.parse(read('docker-compose.yml'), { merge: true }));
  const services = Object.entries(compose.services);
  const ours = services.filter(([, service]) => service.image === 'huiliu');

  it('runs every app as a service of its own name', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([...apps].sort());
    for (const [name, service] of ours) expect(service.command).toEqual([name]);
  });

  it('sets nothing that the product does not read', () => {
    const known = new Set([...describeConfig().matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]));
    for (const [name, service] of ours) {
      const own = name === 'edge' ? ['EDGE_UPSTREAMS'] : [];
      expect(Object.keys(service.environment ?? {}).filter((key) => !known.has(key) && !own.includes(key))).toEqual([]);
    }
  });

  it('tells the edge of every other app', () => {
    const upstreams = String(compose.services['edge']?.environment?.['EDGE_UPSTREAMS']).split(',');
    expect(upstreams.sort()).toEqual(
      apps
        .filter((app) => app !== 'edge')
        .map((app) => `${app}=http://${app}:3000`)
        .sort(),
    );
  });

  it('waits only for services that are there and say when they are well', () => {
    const image = read('deploy/Dockerfile');
    for (const [, service] of services) {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = compose.services[needed];
        expect([needed, target !== undefined]).toEqual([needed, true]);
        if (condition === 'service_healthy')
          expect([
            needed,
            target?.healthcheck !== undefined || (target?.build !== undefined && image.includes('\nHEALTHCHECK ')),
          ]).toEqual([needed, true]);
      }
    }
  });

  it('declares the volumes it uses, and mounts only files that are there', () => {
    const mounted = services
      .flatMap(([, service]) => service.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '');
    const named = mounted.filter((source) => !source.startsWith('.'));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const source of mounted.filter((one) => one.startsWith('.')))
      expect([source, existsSync(path.join(ROOT, source))]).toEqual([source, true]);
  });

  it('holds no secret of its own', () => {
    for (const [, service] of services) {
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        if (/KEY|(?<!RANDOM_ROOT_)PASSWORD|TOKEN/.test(key))
          expect([key, String(value)]).toEqual([key, expect.stringMatching(/^\$\{/)]);
      }
    }
  });

  it('keeps the spool of every connector, and what the inbox stores, outside the container', () => {
    for (const [name, service] of ours.filter(([app]) => app === 'inbox' || app.startsWith('connector-'))) {
      expect([name, service.volumes]).toEqual([name, [`${name}:/data`]]);
    }
  });
});

describe('deploy/Dockerfile', () => {
  const lines = read('deploy/Dockerfile').split('\n');

  it('builds in one stage and runs in another, not as root', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(lines.filter((line) => line.startsWith('FROM ')).length).toBeGreaterThan(1);
    expect(last.some((line) => line === 'USER node')).toBe(true);
    expect(last.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });

  it('copies only what is there', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1));
    for (const source of copied.filter((one) => !one.endsWith('*')))
      expect([source, existsSync(path.join(ROOT, source))]).toEqual([source, true]);
  });
});
