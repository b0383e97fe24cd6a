import type { Logger } from 'typeorm';

/** TypeORM prints to the console by itself; errors are thrown to whoever asked, and logged there once. */
export class QuietLogger implements Logger {
  logQuery(): void {
    return;
  }
  logQueryError(): void {
    return;
  }
  logQuerySlow(): void {
    return;
  }
  logSchemaBuild(): void {
    return;
  }
  logMigration(): void {
    return;
  }
  log(): void {
    return;
  }
}
