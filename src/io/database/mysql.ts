import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  MAX_PRECISION,
  stringType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import type { DatabaseConnection, DatabaseValue } from './connection.js';
import { type Dialect, quotedText } from './dialect.js';

/** What is used of the package `mysql2/promise`. */
interface MySql {
  createConnection(options: object): Promise<Connection>;
}
interface Connection {
  query(query: object | string, values?: readonly unknown[]): Promise<[unknown, readonly MySqlColumn[]]>;
  readonly connection: { query(query: object): { stream(options: object): AsyncIterable<DatabaseValue[]> } };
  end(): Promise<void>;
}
interface MySqlColumn {
  readonly name: string;
  readonly columnType: number;
  readonly columnLength: number;
  readonly decimals: number;
  readonly flags: number;
  readonly characterSet: number;
}
interface Cell {
  readonly type: string;
  string(): string | null;
  buffer(): Buffer | null;
}

const UNSIGNED = 32;
const BINARY_CHARSET = 63;

/** Types by their numbers in the protocol, and what they are when unsigned; what is not here is text. */
const TYPES: Readonly<Record<number, readonly [DataType, DataType]>> = {
  1: [int8Type, int16Type],
  2: [int16Type, int32Type],
  3: [int32Type, int64Type],
  4: [float32Type, float32Type],
  5: [float64Type, float64Type],
  7: [timestampType, timestampType],
  8: [int64Type, decimalType(20, 0)],
  9: [int32Type, int32Type],
  10: [dateType, dateType],
  12: [timestampNtzType, timestampNtzType],
  13: [int32Type, int32Type],
};
const NEWDECIMAL = 246;
/** Text or bytes, by their character set. */
const STRINGS = new Set([249, 250, 251, 252, 253, 254]);

const dialect: Dialect = {
  name: 'mysql',
  quote: '`',
  parameter: () => '?',
  declare: (type) => {
    const names: Partial<Record<DataType['kind'], string>> = {
      boolean: 'boolean',
      int8: 'tinyint',
      int16: 'smallint',
      int32: 'int',
      int64: 'bigint',
      float32: 'float',
      float64: 'double',
      date: 'date',
      timestamp: 'timestamp(6) NULL',
      timestamp_ntz: 'datetime(6)',
      binary: 'longblob',
    };
    return type.kind === 'decimal'
      ? `decimal(${type.precision},${Math.min(30, type.scale)})`
      : (names[type.kind] ?? 'longtext CHARACTER SET utf8mb4');
  },
  text: (value) => quotedText(value.replaceAll('\\', '\\\\')),
  compared: new Set(['int8', 'int16', 'int32', 'int64', 'decimal', 'date', 'timestamp_ntz']),
  maxParameters: 65_535,
};

export async function connect(options: object, driver: unknown): Promise<DatabaseConnection> {
  const client = await (driver as MySql).createConnection({ charset: 'utf8mb4', ...options, timezone: 'Z' });
  await client.query("SET time_zone = '+00:00'");
  // Every value as the server sends it: text, or bytes.
  const typeCast = (cell: Cell): DatabaseValue => cell.string();
  return {
    dialect,
    describe: async (query) => (await client.query(`SELECT * FROM (${query}) AS d LIMIT 0`))[1].map(columnOf),
    async *rows(query, fields, fetchSize) {
      const isBinary = fields.map(({ type }) => type.kind === 'binary');
      let at = 0;
      const cast = (cell: Cell): DatabaseValue => (isBinary[at++ % isBinary.length] ? cell.buffer() : cell.string());
      const request = { sql: query, rowsAsArray: true, typeCast: fields.length === 0 ? typeCast : cast };
      let rows: DatabaseValue[][] = [];
      for await (const row of client.connection.query(request).stream({ highWaterMark: fetchSize })) {
        rows.push(row);
        if (rows.length < fetchSize) continue;
        yield rows;
        rows = [];
      }
      yield rows;
    },
    execute: async (sql, values = []) => {
      await client.query(
        sql,
        values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
      );
    },
    hasTable: async (table) => {
      const [name, schema] = table.split('.').reverse();
      const from = schema === undefined ? 'DATABASE()' : '?';
      const [found] = await client.query(
        `SELECT 1 FROM information_schema.tables WHERE table_name = ? AND table_schema = ${from}`,
        schema === undefined ? [name] : [name, schema],
      );
      return (found as readonly unknown[]).length > 0;
    },
    close: () => client.end(),
  };
}

function columnOf({ name, columnType, columnLength, decimals, flags, characterSet }: MySqlColumn): Field {
  const isUnsigned = (flags & UNSIGNED) !== 0;
  // As in Spark and in the drivers of MySQL itself, TINYINT(1) is the way to write BOOLEAN.
  if (columnType === 1 && columnLength === 1) return field(name, booleanType);
  if (columnType === NEWDECIMAL) {
    const precision = columnLength - (decimals > 0 ? 1 : 0) - (isUnsigned ? 0 : 1);
    return field(name, precision > MAX_PRECISION ? stringType : decimalType(precision, decimals));
  }
  if (columnType === 16 || (STRINGS.has(columnType) && characterSet === BINARY_CHARSET)) return field(name, binaryType);
  return field(name, TYPES[columnType]?.[isUnsigned ? 1 : 0] ?? stringType);
}
