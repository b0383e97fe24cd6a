import type { SandboxChannel } from './channel';

/** The website chat, on a demo shop's page. */
export const webchat: SandboxChannel = {
  channel: 'webchat',
  name: { zh: '网站', en: 'Website' },
  pageOf: ({ id }) => `./shop.html?account=${id}`,
};
