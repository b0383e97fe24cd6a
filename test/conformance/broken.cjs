/**
 * Loaded before a suite of the conformance tests' own tests: breaks one thing of a connector on purpose, named in CONFORMANCE_BREAKS.
 * The product's files stay as they are; what they export is changed when it is loaded.
 */
const Module = require('node:module');

const BREAKS = {
  'skips the signature': [
    'wechat-official/signature.js',
    () => ({
      holdsPlain: () => true,
      openSigned: (_token, envelope, _stamp, encrypted) => envelope.open(encrypted).message,
    }),
  ],
  'takes a plain body in safe mode': [
    'wechat-official/push.js',
    ({ PushProver }) => ({
      PushProver: class {
        constructor({ encodingAesKey: _left, ...config }) {
          return new PushProver(config);
        }
      },
    }),
  ],
  'resends on a time-out': [
    'wechat-official/errors.js',
    ({ errorOfFetch }) => ({
      errorOfFetch: (error) => errorOfFetch(error, false),
    }),
  ],
  'gives a message a new id each time': [
    'wechat-official/ids.js',
    ({ messageId }) => ({
      messageId: (value) => messageId(`${value}-${Math.random()}`),
    }),
  ],
  'loses an undeclared kind': [
    'wechat-official/inbound.js',
    ({ eventsOf }) => ({
      eventsOf: (fields, at) => (fields.MsgType === 'location' ? [] : eventsOf(fields, at)),
    }),
  ],
  'keeps a dead token': [
    'shared/tokens.js',
    ({ Tokens }) => ({
      Tokens: class extends Tokens {
        discredit() {}
      },
    }),
  ],
  'takes a closed window for a passing trouble': [
    'wechat-official/errors.js',
    ({ errorOf, errorOfStatus }) => ({
      errorOf: (code, words) => (code === '45015' ? errorOfStatus(403) : errorOf(code, words)),
    }),
  ],
  'takes a callback of anybody': [
    'wecom-kf/signature.js',
    () => ({ openSigned: (_token, envelope, _stamp, encrypted) => envelope.open(encrypted).message }),
  ],
  'stops at an empty page': [
    'wecom-kf/pulling.js',
    ({ Puller }) => ({
      Puller: class extends Puller {
        async pull(...given) {
          const pulled = await super.pull(...given);
          return { ...pulled, more: pulled.more && pulled.events.length > 0 };
        }
      },
    }),
  ],
  'moves the cursor past what it has not published': [
    'wecom-kf/pulling.js',
    ({ Puller }) => ({
      Puller: class extends Puller {
        async pull(...given) {
          const pulled = await super.pull(...given);
          return { ...pulled, events: pulled.events.slice(0, 1) };
        }
      },
    }),
  ],
  'gives a repeated send a new id': [
    'wecom-kf/ids.js',
    ({ msgIdOf }) => ({ msgIdOf: (key, again) => msgIdOf(`${Math.random()}`.slice(2, 9) + key.slice(0, 20), again) }),
  ],
  'forgets to say who serves': [
    'wecom-kf/service-state.js',
    ({ ServiceStates }) => ({
      ServiceStates: class extends ServiceStates {
        follow() {
          return Promise.resolve();
        }
      },
    }),
  ],
};

const [file, change] = BREAKS[process.env.CONFORMANCE_BREAKS] ?? [];
if (file === undefined) throw new Error(`nothing is called ${process.env.CONFORMANCE_BREAKS}`);
const load = Module._load;
const changed = new Map();
Module._load = function (request, parent, isMain) {
  const exported = load.call(this, request, parent, isMain);
  if (!request.startsWith('.') || !Module._resolveFilename(request, parent).endsWith(file)) return exported;
  if (!changed.has(exported)) changed.set(exported, { ...exported, ...change(exported) });
  return changed.get(exported);
};
