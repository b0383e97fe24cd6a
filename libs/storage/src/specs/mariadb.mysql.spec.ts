import { leasesSuite } from './leases.suite';
import { migrationsSuite } from './migrations.suite';
import { outboxSuite } from './outbox.suite';
import { transactionsSuite } from './transactions.suite';

transactionsSuite('mysql');
leasesSuite('mysql');
outboxSuite('mysql');
migrationsSuite('mysql');
