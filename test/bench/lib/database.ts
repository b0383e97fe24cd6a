import mysql from 'mysql2/promise';

/** Asks the scene's database; by the plain driver, because the floor must not stand on the product. */
export class BenchDatabase {
  private constructor(private readonly connection: mysql.Connection) {}

  static async open(url: string): Promise<BenchDatabase> {
    return new BenchDatabase(
      await mysql.createConnection({ uri: url, dateStrings: true, timezone: 'Z', multipleStatements: true }),
    );
  }

  async query<R>(sql: string, values: readonly string[] = []): Promise<R[]> {
    const [rows] = await this.connection.query(sql, [...values]);
    return rows as R[];
  }

  async count(sql: string, values: readonly string[] = []): Promise<number> {
    const [row] = await this.query<{ n: number }>(sql, values);
    return Number(row?.n ?? 0);
  }

  /** What the server is and how it is set up where that decides about durability. */
  async settings(): Promise<Record<string, unknown>> {
    const [row] = await this.query<Record<string, unknown>>(
      'SELECT @@version AS version, @@innodb_flush_log_at_trx_commit AS flushLogAtCommit, @@innodb_buffer_pool_size AS bufferPoolBytes, @@sync_binlog AS syncBinlog',
    );
    return { ...row };
  }

  async close(): Promise<void> {
    await this.connection.end();
  }
}
