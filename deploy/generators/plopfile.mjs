/**
 * The generator of connectors, which `npm run connector:new` runs: writes one connector's folder, its app (or puts it into one that is there),
 * its platform in the sandbox and its conformance plan, and adds it to the few lists that are kept by hand.
 */
import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const inRoot = (...parts) => path.join(ROOT, ...parts);
const FOLDER = ['definition', 'inbound', 'outbound', 'signature', 'client', 'ids', 'errors', 'runtime'];

/** Changes a file of the tree; a place that is not there any more is an error, never left out in silence. */
function edit(file, what, change) {
  return () => {
    const before = fs.readFileSync(inRoot(file), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`${file}: found no place for ${what}`);
    fs.writeFileSync(inRoot(file), after);
    return `${file}: ${what}`;
  };
}

/** Behind the last import that matches. */
const behindImport = (line, like) => (text) => {
  const last = [...text.matchAll(/^import .*$/gm)].filter(([one]) => like.test(one)).at(-1);
  if (last === undefined) return text;
  const end = last.index + last[0].length;
  return `${text.slice(0, end)}\n${line}${text.slice(end)}`;
};

/** At the end of the first list whose beginning matches. */
const intoList = (entry, begins) => (text) => {
  const start = begins.exec(text);
  if (start === null) return text;
  const from = start.index + start[0].length;
  const end = text.indexOf(']', from);
  const kept = text.slice(from, end).trimEnd().replace(/,$/, '');
  return `${text.slice(0, from)}${kept}, ${entry}${text.slice(end)}`;
};

const both =
  (...changes) =>
  (text) =>
    changes.reduce((one, change) => change(one), text);

/** A new app is one of the suite, of the build, of compose, and of those whose dead letters are listed. */
function appWiring(app, pascal, snake) {
  return [
    edit(
      'apps/suite/src/suite.module.ts',
      app,
      both(behindImport(`import { ${pascal}Module } from '../../${app}/src/${app}.module';`, /connector-/), (text) =>
        text.replace(/^( +)ConsoleModule,$/m, `$1${pascal}Module,\n$&`),
      ),
    ),
    edit('apps/suite/src/main.ts', app, (text) => text.replace(/,?\s*\]\.map\(\s*connectorSchema/, `, '${snake}'$&`)),
    edit('nest-cli.json', app, (text) => {
      const root = `apps/${app}`;
      const project = { type: 'application', root, entryFile: 'main', sourceRoot: `${root}/src` };
      return text.replace(/^ +"console": \{/m, `    "${app}": ${JSON.stringify(project, null, 2)},\n$&`);
    }),
    edit('docker-compose.yml', app, (text) =>
      text
        .replace(
          /^ {2}edge:$/m,
          `  ${app}:\n    <<: *app\n    command: ['${app}']\n    volumes: ['${app}:/data']\n\n$&`,
        )
        .replace(/^( +EDGE_UPSTREAMS: .*)$/m, `$1,${app}=http://${app}:3000`)
        .replace(/^ {2}caddy:$(?![\s\S]*^ {2}caddy:$)/m, `  ${app}:\n$&`),
    ),
    ...(fs.readFileSync(inRoot('apps/inbox/src/dlq/dlq.consumer.ts'), 'utf8').includes(`'${app}'`)
      ? []
      : [edit('apps/inbox/src/dlq/dlq.consumer.ts', app, intoList(`'${app}'`, /const CONNECTOR_APPS = \[/))]),
  ];
}

/** Into an app that is there: its module, and the edge, which must know whose the channel is. */
function intoApp(name, app, camel) {
  return [
    edit(
      `apps/${app}/src/${app}.module.ts`,
      name,
      both(
        behindImport(`import { ${camel}Connector } from './${name}/runtime';`, /./),
        intoList(`${camel}Connector`, /connectors: \[/),
      ),
    ),
    ...(app === `connector-${name}`
      ? []
      : [
          edit('apps/edge/src/upstreams/edge-config.ts', name, (text) =>
            text.replace(/(APPS_OF_SEVERAL[^{]*\{\n)/, `$1  '${name}': '${app}',\n`),
          ),
        ]),
  ];
}

export default function (plop) {
  plop.setGenerator('connector', {
    description: 'a connector',
    prompts: [
      { name: 'name', message: 'The channel:' },
      { name: 'app', message: 'The app:' },
    ],
    actions: ({ name, app }) => {
      const [camel, pascal, snake] = ['camelCase', 'pascalCase', 'snakeCase'].map(plop.getHelper);
      const folder = inRoot('apps', app, 'src', name);
      const add = (file, template) => ({
        type: 'add',
        path: file,
        templateFile: path.join(import.meta.dirname, 'templates', template),
      });
      const isNew = !fs.existsSync(inRoot('apps', app));
      return [
        ...FOLDER.map((file) => add(path.join(folder, `${file}.ts`), `connector/${file}.ts.hbs`)),
        add(path.join(folder, `${name}.spec.ts`), 'connector/spec.ts.hbs'),
        add(path.join(folder, 'testdata/pushes.json'), 'connector/testdata/pushes.json.hbs'),
        add(path.join(folder, 'README.md'), 'connector/README.md.hbs'),
        ...(isNew
          ? [
              add(inRoot('apps', app, 'src/main.ts'), 'app/main.ts.hbs'),
              add(inRoot('apps', app, `src/${app}.module.ts`), 'app/module.ts.hbs'),
              ...appWiring(app, pascal(app), snake(app)),
            ]
          : intoApp(name, app, camel(name))),
        add(inRoot('apps/sandbox/src/platforms', name, `${name}.ts`), 'sandbox/platform.ts.hbs'),
        edit(
          'apps/sandbox/src/platforms/platforms.ts',
          name,
          both(
            behindImport(`import { ${camel(name)} } from './${name}/${name}';`, /./),
            intoList(camel(name), /Platform\[\] = \[/),
          ),
        ),
        add(inRoot('apps/sandbox/src/channels', `${name}.ts`), 'sandbox/channel.ts.hbs'),
        edit(
          'apps/sandbox/src/channels/channels.ts',
          name,
          both(
            behindImport(`import { ${camel(name)}Phone } from './${name}';`, /./),
            intoList(`${camel(name)}Phone`, /SandboxChannel\[\] = \[/),
          ),
        ),
        add(inRoot('test/conformance/channels', `${name}.ts`), 'plan/plan.ts.hbs'),
      ];
    },
  });
}
