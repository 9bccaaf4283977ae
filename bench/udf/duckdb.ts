import {
  DOUBLE,
  type DuckDBConnection,
  type DuckDBResultReader,
  DuckDBScalarFunction,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion } from '../harness/duckdb.js';
import { linear, shout } from './functions.js';
import { type Item, rowsAt, textRows } from './items.js';

const queries: Record<Item, string> = {
  number: 'SELECT sum(linear(x)) AS total FROM numbers',
  text: 'SELECT sum(length(shout(s)))::BIGINT AS total FROM texts',
};

function register<T extends DuckDBValue>(
  connection: DuckDBConnection,
  name: string,
  type: DuckDBType,
  call: (value: T) => DuckDBValue,
): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name,
      parameterTypes: [type],
      returnType: type,
      mainFunction: (_, chunk, output) => {
        const input = chunk.getColumnVector(0);
        for (let row = 0; row < chunk.rowCount; row++) output.setItem(row, call(input.getItem(row) as T));
        output.flush();
      },
    }),
  );
}

export async function open({ threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
  const rows = rowsAt(dataFolder);
  return {
    version: duckdbVersion(),
    async load() {
      register(connection, 'linear', DOUBLE, linear);
      register(connection, 'shout', VARCHAR, shout);
      await connection.run(`CREATE TABLE numbers AS SELECT range::DOUBLE AS x FROM range(${rows})`);
      await connection.run(
        `CREATE TABLE texts AS SELECT 'customer number ' || range AS s FROM range(${textRows(rows)})`,
      );
    },
    run: (item) => connection.runAndReadAll(queries[item as Item]),
    answer: duckdbAnswer,
    async close() {
      connection.closeSync();
    },
  };
}
