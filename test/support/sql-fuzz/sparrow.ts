import { Session, SparrowError } from 'sparrow-df';
import type { Answer } from './rows.js';
import { plainOf } from './rows.js';
import type { Table } from './tables.js';
import { sparkType, type Type, type Value } from './values.js';

/** The engine under test, by its public API. */
export class Sparrow {
  private constructor(private readonly session: Session) {}

  static async open(): Promise<Sparrow> {
    const options = { workers: 1, memory: '1GB', int64: 'string', timestamp: 'micros' } as const;
    return new Sparrow((await Session.create(options)) as unknown as Session);
  }

  /** The rows become a view; every other table by way of a file that DuckDB wrote. */
  load(table: Table, parquet?: string): void {
    const { session } = this;
    const ddl = table.columns.map(({ name, type }) => `${name} ${sparkType(type)}`).join(', ');
    const rows = table.rows.map((row) =>
      Object.fromEntries(table.columns.map(({ name, type }, c) => [name, inputOf(type, row[c] ?? null)])),
    );
    if (parquet === undefined) return session.createDataFrame(rows, ddl).createOrReplaceTempView(table.name);
    // DuckDB's timestamps have no zone.
    const columns = table.columns.map(({ name, type }) => (type === 'timestamp' ? `CAST(${name} AS TIMESTAMP)` : name));
    session.read
      .parquet(parquet)
      .selectExpr(...columns)
      .toDF(...table.columns.map(({ name }) => name))
      .createOrReplaceTempView(table.name);
  }

  /** Rows of columns of these types; what comes as another type is an error of kind `TYPE`. */
  async ask(sql: string, types: readonly Type[]): Promise<Answer> {
    try {
      const frame = this.session.sql(sql);
      const { fields } = await frame.schema();
      const found = fields.map((field) => field.dataType.simpleString());
      const wrong = types.findIndex((type, i) => found[i] !== type);
      if (wrong >= 0)
        return { kind: 'error', code: 'TYPE', message: `column ${wrong} is ${found[wrong]}, not ${types[wrong]}` };
      const rows = await frame.toDF(...types.map((_, i) => `r${i}`)).collect();
      return {
        kind: 'rows',
        rows: rows.map((row) => types.map((type, i) => plainOf(type, (row as Record<string, unknown>)[`r${i}`]))),
      };
    } catch (error) {
      if (error instanceof SparrowError) return { kind: 'error', code: error.code, message: error.message };
      return { kind: 'error', code: 'NO_SPARROW_ERROR', message: (error as Error).stack ?? String(error) };
    }
  }

  close(): Promise<void> {
    return this.session.stop();
  }
}

function inputOf(type: Type, value: Value): unknown {
  if (value === null) return null;
  if (typeof value !== 'string')
    return type === 'array<int>' ? value.map((item) => (item === null ? null : Number(item))) : value;
  switch (type) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'double':
      return Number(value);
    case 'bigint':
      return BigInt(value);
    case 'boolean':
      return value === 'true';
    default:
      return value;
  }
}
