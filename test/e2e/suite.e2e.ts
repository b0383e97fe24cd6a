import { startSuite } from '@huiliu/testing';
import { everything } from './everything';

describe('one process, embedded bus and SQLite', () => {
  everything(startSuite, ['suite']);
});
