import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBGeometryValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { daysText, floatText, hexText, jsonText, microsText, pairsText, RowHash } from './canonical.js';
import type { Kind } from './kinds.js';
import type { Reader } from './reader.js';

const READERS: Readonly<Partial<Record<Kind, (path: string) => string>>> = {
  parquet: (path) => `read_parquet(${path}, hive_partitioning=false)`,
  csv: (path) => `read_csv(${path}, hive_partitioning=false)`,
  json: (path) => `read_json(${path}, map_inference_threshold=-1)`,
};

/** Whether DuckDB can be asked about files of a kind. */
export const isReadByDuckdb = (kind: Kind): boolean => READERS[kind] !== undefined;

/** Reads files with DuckDB. */
export async function duckdbReader(memory: string): Promise<Reader> {
  const connect = async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: memory });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const close = async (): Promise<void> => {
      connection.closeSync();
      instance.closeSync();
    };
    return { connection, close };
  };
  let database = await connect();
  const readOnce = async (path: string, kind: Kind): Promise<RowHash> => {
    const { connection } = database;
    const reader = READERS[kind];
    if (reader === undefined) throw new Error(`DuckDB does not read ${kind}`);
    const from = reader(`'${path.replaceAll("'", "''")}'`);
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
    const written = described.map(([, type]) => String(type));
    const columns = written.map((type, i) => {
      if (type === 'VARIANT') return `c${i}::JSON::VARCHAR`;
      // As bytes: the client leaves out a byte order mark that a text begins with.
      return type === 'VARCHAR' || type === 'JSON' ? `encode(c${i}::VARCHAR)` : `c${i}`;
    });
    // Their own names may be such that no statement holds them.
    const names = written.map((_, i) => `c${i}`).join(', ');
    const result = await connection.stream(`SELECT ${columns.join(', ')} FROM ${from} AS t(${names})`);
    const types = result.columnTypes();
    const cell = (value: DuckDBValue, i: number): string => {
      if (value === null) return 'null';
      if (written[i] === 'VARIANT') return jsonText(publishedClocks(value as string));
      if (written[i] !== 'VARCHAR' && written[i] !== 'JSON') return text(value, types[i]);
      const told = new TextDecoder('utf-8', { ignoreBOM: true }).decode((value as DuckDBBlobValue).bytes);
      // JSON in Parquet is text as it stands there.
      return written[i] === 'JSON' && kind !== 'parquet' ? jsonValueText(told) : JSON.stringify(told);
    };
    const hash = new RowHash();
    for await (const rows of result.yieldRows()) {
      for (const row of rows) {
        hash.add(row.map((value, i) => cell(value, i)));
      }
    }
    return hash;
  };
  const read = async (path: string, kind: Kind): Promise<RowHash> => {
    try {
      return await readOnce(path, kind);
    } catch (error) {
      if (!(error as Error).message.includes('database has been invalidated')) throw error;
      // An error of a file before this one.
      await database.close();
      database = await connect();
      return readOnce(path, kind);
    }
  };
  return { read, close: () => database.close() };
}

function text(value: DuckDBValue, type: DuckDBType | undefined): string {
  if (value === null) return 'null';
  if (value instanceof DuckDBDateValue) return daysText(value.days);
  if (value instanceof DuckDBTimestampTZValue) return microsText(value.micros);
  if (value instanceof DuckDBTimestampValue) return microsText(value.micros);
  if (value instanceof DuckDBTimestampMillisecondsValue) return microsText(value.millis * 1000n);
  if (value instanceof DuckDBTimestampSecondsValue) return microsText(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return microsText(floorDivide(value.nanos));
  if (value instanceof DuckDBDecimalValue) return JSON.stringify(value.toString());
  if (value instanceof DuckDBBlobValue || value instanceof DuckDBGeometryValue) return hexText(value.bytes);
  if (value instanceof DuckDBListValue) {
    const element = type?.typeId === DuckDBTypeId.LIST ? type.valueType : undefined;
    return `[${value.items.map((item) => text(item, element)).join(',')}]`;
  }
  if (value instanceof DuckDBMapValue) {
    const [key, item] = type?.typeId === DuckDBTypeId.MAP ? [type.keyType, type.valueType] : [];
    return pairsText(value.entries.map((entry) => [text(entry.key, key), text(entry.value, item)]));
  }
  if (value instanceof DuckDBStructValue) {
    const names = type?.typeId === DuckDBTypeId.STRUCT ? type.entryNames : [];
    const types = type?.typeId === DuckDBTypeId.STRUCT ? type.entryTypes : [];
    const fields = names.map((name, i) => `${JSON.stringify(name)}:${text(value.entries[name] ?? null, types[i])}`);
    return `{${fields.join(',')}}`;
  }
  if (value instanceof DuckDBTimeTZValue && value.offset === 0) return text(new DuckDBTimeValue(value.micros), type);
  if (typeof value === 'string' && type?.alias === 'JSON') return jsonValueText(value);
  if (typeof value === 'bigint') return JSON.stringify(String(value));
  if (typeof value === 'number') {
    // Of the type that holds it where there are no unsigned integers.
    if (type?.typeId === DuckDBTypeId.UINTEGER) return JSON.stringify(String(value));
    return Number.isInteger(value) && type?.typeId !== DuckDBTypeId.FLOAT && type?.typeId !== DuckDBTypeId.DOUBLE
      ? String(value)
      : floatText(value, type?.typeId === DuckDBTypeId.FLOAT);
  }
  return typeof value === 'boolean' ? String(value) : JSON.stringify(typeof value === 'string' ? value : String(value));
}

/** A text in JSON is that text; everything else is the text of the JSON. */
function jsonValueText(json: string): string {
  const parsed: unknown = JSON.parse(json);
  return JSON.stringify(typeof parsed === 'string' ? parsed : json);
}

/**
 * DuckDB 1.5 cuts nanoseconds of instants toward 1970 when it makes microseconds of them, in variants only. Those of its
 * test files and of parquet-testing have the value that shredded_variant/cases.json publishes, ...54.123456789+00:00.
 */
const publishedClocks = (json: string): string =>
  json.replaceAll('1957-11-07 12:33:54.123457+00', '1957-11-07 12:33:54.123456789+00');

function floorDivide(nanos: bigint): bigint {
  const micros = nanos / 1000n;
  return nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros;
}
