import { concernedSuite } from './concerned.suite';
import { handlingSuite } from './handling.suite';
import { tailSuite } from './tail.suite';
import { troubleSuite } from './trouble.suite';

handlingSuite('embedded');
troubleSuite('embedded');
tailSuite('embedded');
concernedSuite('embedded');
