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
  int16Type,
  int32Type,
  int64Type,
  MAX_PRECISION,
  stringType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import type { DatabaseConnection, DatabaseValue } from './connection.js';
import { type Dialect, quotedText, tableName } from './dialect.js';

/** What is used of the package `pg`. */
interface Pg {
  readonly Client: new (options: object) => Client;
}
interface Client {
  connect(): Promise<unknown>;
  query(query: object | string): Promise<{
    readonly rows: DatabaseValue[][];
    readonly fields: readonly {
      readonly name: string;
      readonly dataTypeID: number;
      readonly dataTypeModifier: number;
    }[];
  }>;
  end(): Promise<void>;
}

/** Types by their numbers in pg_type; what is not here is text. */
const TYPES: Readonly<Record<number, DataType>> = {
  16: booleanType,
  17: binaryType,
  20: int64Type,
  21: int16Type,
  23: int32Type,
  26: int64Type,
  700: float32Type,
  701: float64Type,
  1082: dateType,
  1114: timestampNtzType,
  1184: timestampType,
};
const NUMERIC = 1700;
/** Spark's type for a numeric without limits. */
const UNLIMITED = decimalType(MAX_PRECISION, 18);

const dialect: Dialect = {
  name: 'postgres',
  quote: '"',
  parameter: (position) => `$${position}`,
  declare: (type) => {
    const names: Partial<Record<DataType['kind'], string>> = {
      boolean: 'boolean',
      int8: 'smallint',
      int16: 'smallint',
      int32: 'integer',
      int64: 'bigint',
      float32: 'real',
      float64: 'double precision',
      date: 'date',
      timestamp: 'timestamptz',
      timestamp_ntz: 'timestamp',
      binary: 'bytea',
    };
    return type.kind === 'decimal' ? `numeric(${type.precision},${type.scale})` : (names[type.kind] ?? 'text');
  },
  text: quotedText,
  compared: new Set(['int8', 'int16', 'int32', 'int64', 'decimal', 'float64', 'date', 'timestamp', 'timestamp_ntz']),
  maxParameters: 65_535,
};

export async function connect(options: object, driver: unknown): Promise<DatabaseConnection> {
  const client = new (driver as Pg).Client(options);
  await client.connect();
  await client.query("SET TIME ZONE 'UTC'; SET DateStyle = ISO; SET extra_float_digits = 1; SET bytea_output = hex");
  // Every value as the text that the server sends.
  const ask = (text: string, values: readonly unknown[] = []) =>
    client.query({ text, values, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } });
  return {
    dialect,
    describe: async (query) => (await ask(`SELECT * FROM (${query}) AS d LIMIT 0`)).fields.map(columnOf),
    async *rows(query, fields, fetchSize) {
      await client.query('BEGIN READ ONLY');
      await client.query(`DECLARE sparrow NO SCROLL CURSOR FOR ${query}`);
      const bytes = fields.flatMap(({ type }, i) => (type.kind === 'binary' ? [i] : []));
      for (;;) {
        const { rows } = await ask(`FETCH ${fetchSize} FROM sparrow`);
        if (rows.length === 0) break;
        for (const row of rows) for (const i of bytes) row[i] = fromHex(row[i] ?? null);
        yield rows;
      }
      await client.query('COMMIT');
    },
    execute: async (sql, values = []) => {
      await ask(
        sql,
        values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
      );
    },
    hasTable: async (table) =>
      (await ask(`SELECT to_regclass(${quotedText(tableName(dialect, table))})`)).rows[0]?.[0] !== null,
    close: () => client.end(),
  };
}

const fromHex = (value: DatabaseValue): DatabaseValue =>
  typeof value === 'string' && value.startsWith('\\x') ? Buffer.from(value.slice(2), 'hex') : value;

function columnOf(column: { name: string; dataTypeID: number; dataTypeModifier: number }): Field {
  const modifier = column.dataTypeModifier - 4;
  const [precision, scale] = [modifier >> 16, modifier & 0x7ff];
  if (column.dataTypeID !== NUMERIC) return field(column.name, TYPES[column.dataTypeID] ?? stringType);
  if (column.dataTypeModifier < 0) return field(column.name, UNLIMITED);
  // What Spark has no type for is text.
  return field(
    column.name,
    precision > MAX_PRECISION || scale > precision ? stringType : decimalType(precision, scale),
  );
}
