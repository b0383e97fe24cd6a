import { startSuite } from '@huiliu/testing';
import { mails } from './mail-world';

describe('mail in one process', () => {
  mails(startSuite, 'suite');
});
