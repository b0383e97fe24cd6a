import { startDistributed } from '@huiliu/testing';
import { platformChannels } from './platform-channels';

/** Where a channel's app is not called after it. */
const APPS: Readonly<Record<string, string>> = {
  'wechat-official': 'connector-wechat',
  'wecom-kf': 'connector-wechat',
  wechaty: 'connector-wechat',
};

describe('played channels with a process per app, Kafka and MariaDB', () => {
  platformChannels(startDistributed, (channel) => APPS[channel] ?? `connector-${channel}`);
});
