import type { DuckDBConnection, DuckDBResultReader } from '@duckdb/node-api';
import { DuckDBInstance, version } from '@duckdb/node-api';
import type { Answer, AnswerColumn } from './contract.js';

export const duckdbVersion = (): string => version().replace(/^v/, '');

export async function connectDuckdb(threads: number): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  return instance.connect();
}

/** A path as an SQL string. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const kindOf = (type: string): AnswerColumn['kind'] =>
  /^(DOUBLE|FLOAT)$/.test(type) ? 'double' : /INT|DECIMAL/.test(type) ? 'exact' : 'text';

/** DuckDB's own lossless JSON form: decimals and 64-bit integers as strings, dates as ISO. */
export function duckdbAnswer(reader: DuckDBResultReader): Answer {
  const names = reader.columnNames();
  const columns = reader.columnTypes().map((type, index) => ({ name: names[index] ?? '', kind: kindOf(String(type)) }));
  const rows = reader.getRowsJson().map((row) => row.map((value) => (value === null ? null : String(value))));
  return { columns, rows };
}
