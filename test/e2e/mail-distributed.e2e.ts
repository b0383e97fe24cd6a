import { startDistributed } from '@huiliu/testing';
import { mails } from './mail-world';

describe('mail with a process per app, Kafka and MariaDB', () => {
  mails(startDistributed, 'connector-email');
});
