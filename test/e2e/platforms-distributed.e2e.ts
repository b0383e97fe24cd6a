import { startDistributed } from '@huiliu/testing';
import { connectorFolders } from '../lib/connector-folders';
import { platformChannels } from './platform-channels';

const APPS = new Map(connectorFolders().map(({ app, definition }) => [definition.channel, app]));

describe('played channels with a process per app, Kafka and MariaDB', () => {
  platformChannels(startDistributed, (channel) => APPS.get(channel) ?? '');
});
