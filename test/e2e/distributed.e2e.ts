import { startDistributed } from '@huiliu/testing';
import { everything } from './everything';

describe('a process per app, Kafka and MariaDB', () => {
  everything(startDistributed, ['inbox', 'routing', 'connector-webchat', 'edge']);
});
