import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  field,
  float64Type,
  int64Type,
  stringType,
  timestampNtzType,
} from '../../base/index.js';
import type { DatabaseConnection, DatabaseValue } from './connection.js';
import { type Dialect, quotedText } from './dialect.js';

/** What is used of `node:sqlite`. */
interface Sqlite {
  readonly DatabaseSync: new (path: string, options?: object) => Database;
}
interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
}
interface Statement {
  setReadBigInts(enabled: boolean): void;
  iterate(...values: readonly DatabaseValue[]): Iterable<Readonly<Record<string, DatabaseValue>>>;
  all(...values: readonly DatabaseValue[]): readonly Readonly<Record<string, DatabaseValue>>[];
  run(...values: readonly DatabaseValue[]): unknown;
}

/** Rows that tell the types of columns without a declared one. */
const SAMPLE_ROWS = 1000;

const dialect: Dialect = {
  name: 'sqlite',
  quote: '"',
  parameter: () => '?',
  declare: (type) => {
    const names: Partial<Record<DataType['kind'], string>> = {
      boolean: 'BOOLEAN',
      int8: 'INTEGER',
      int16: 'INTEGER',
      int32: 'INTEGER',
      int64: 'INTEGER',
      float32: 'REAL',
      float64: 'REAL',
      date: 'DATE',
      timestamp: 'TIMESTAMP',
      timestamp_ntz: 'TIMESTAMP',
      binary: 'BLOB',
    };
    // With the affinity of text, so that no digit is lost.
    return type.kind === 'decimal' ? `DECIMAL_TEXT(${type.precision},${type.scale})` : (names[type.kind] ?? 'TEXT');
  },
  text: quotedText,
  // A column holds values of any kind: only of numbers is the order sure.
  compared: new Set(['int64', 'float64']),
  maxParameters: 32_000,
};

export async function connect(options: object, driver: unknown): Promise<DatabaseConnection> {
  const { path, ...more } = options as { readonly path: string };
  const database = new (driver as Sqlite).DatabaseSync(path, more);
  const all = (sql: string, ...values: DatabaseValue[]) => database.prepare(sql).all(...values);
  return {
    dialect,
    describe: async (query) => {
      database.exec(`DROP VIEW IF EXISTS temp.sparrow; CREATE TEMP VIEW sparrow AS ${query}`);
      const sample = all(`SELECT * FROM temp.sparrow LIMIT ${SAMPLE_ROWS}`);
      return all("SELECT name, type FROM pragma_table_info('sparrow')").map(({ name, type }) =>
        field(String(name), declared(String(type)) ?? kindOf(sample.map((row) => row[String(name)] ?? null))),
      );
    },
    async *rows(query, fields, fetchSize) {
      const statement = database.prepare(query);
      statement.setReadBigInts(true);
      let rows: DatabaseValue[][] = [];
      for (const row of statement.iterate()) {
        rows.push(fields.map(({ name }) => row[name] ?? null));
        if (rows.length < fetchSize) continue;
        yield rows;
        rows = [];
      }
      yield rows;
    },
    execute: async (sql, values = []) => {
      database.prepare(sql).run(...values.map((value) => (typeof value === 'boolean' ? Number(value) : value)));
    },
    hasTable: async (table) => all('SELECT 1 FROM sqlite_master WHERE name = ?', table).length > 0,
    close: async () => database.close(),
  };
}

/** SQLite's affinity of a declared type, and what is customary beside it. A column without one says BLOB. */
function declared(type: string): DataType | undefined {
  const decimal = /^(?:DEC\w*|NUMERIC)\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)/i.exec(type);
  if (decimal !== null) return decimalType(Number(decimal[1]), Number(decimal[2] ?? 0));
  if (/BOOL/i.test(type)) return booleanType;
  if (/INT/i.test(type)) return int64Type;
  if (/CHAR|CLOB|TEXT|JSON|UUID/i.test(type)) return stringType;
  if (/REAL|FLOA|DOUB/i.test(type)) return float64Type;
  if (/^DATE$/i.test(type)) return dateType;
  return /^(DATETIME|TIMESTAMP)/i.test(type) ? timestampNtzType : undefined;
}

function kindOf(values: readonly DatabaseValue[]): DataType {
  const kinds = new Set(values.filter((v) => v !== null).map((v) => (Number.isInteger(v) ? 'integer' : typeof v)));
  if (kinds.size === 1 && kinds.has('integer')) return int64Type;
  if ([...kinds].every((kind) => kind === 'integer' || kind === 'number') && kinds.size > 0) return float64Type;
  return [...kinds].every((kind) => kind === 'object') ? binaryType : stringType;
}
