import { handlingSuite } from './handling.suite';
import { tailSuite } from './tail.suite';
import { troubleSuite } from './trouble.suite';

jest.setTimeout(60_000);

handlingSuite('kafka');
troubleSuite('kafka');
tailSuite('kafka');
