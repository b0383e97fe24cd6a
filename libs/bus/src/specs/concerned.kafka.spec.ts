import { concernedSuite } from './concerned.suite';

concernedSuite('kafka');
