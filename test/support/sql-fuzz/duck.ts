import {
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import type { Answer, Plain } from './rows.js';
import { plainNumber } from './rows.js';
import type { Table } from './tables.js';
import { duckType, literal } from './values.js';

/** DuckDB, with the tables of the case at hand. */
export class Duck {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'").catch(() => undefined);
    return new Duck(instance, connection);
  }

  async load(table: Table): Promise<void> {
    const { name, columns, rows } = table;
    const types = columns.map((column) => `${column.name} ${duckType(column.type)}`).join(', ');
    await this.connection.run(`CREATE OR REPLACE TABLE ${name} (${types})`);
    if (rows.length === 0) return;
    const values = rows.map(
      (row) => `(${row.map((v, c) => literal((columns[c] as { type: 'int' }).type, v, 'duck')).join(', ')})`,
    );
    await this.connection.run(`INSERT INTO ${name} VALUES ${values.join(', ')}`);
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  async ask(sql: string): Promise<Answer> {
    try {
      const read = await this.connection.runAndReadAll(sql);
      return { kind: 'rows', rows: read.getRows().map((row) => row.map(plain)) };
    } catch (error) {
      const message = (error as Error).message;
      return { kind: 'error', code: /^(\w+( \w+)?) Error/.exec(message)?.[1] ?? 'Error', message };
    }
  }

  /** As `ask`, but nothing is moved out of the branch it stands in. */
  async askPlainly(sql: string): Promise<Answer> {
    await this.run('PRAGMA disable_optimizer');
    try {
      return await this.ask(sql);
    } finally {
      await this.run('PRAGMA enable_optimizer');
    }
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

function plain(value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof DuckDBListValue) return value.items.map(plain);
  if (value instanceof DuckDBDateValue) return String(value.days);
  if (value instanceof DuckDBTimestampValue) return String(value.micros);
  // Decimals, 64-bit and wider integers.
  return String(value);
}
