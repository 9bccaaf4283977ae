import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbVersion, quoted } from '../harness/duckdb.js';
import { type Item, outputFolder, writtenAnswer } from './items.js';

const options: Record<Item, string> = { parquet: 'FORMAT parquet, CODEC snappy', csv: 'FORMAT csv, HEADER' };

export async function open({ threads, dataFolder }: Setting): Promise<Engine<string>> {
  const connection = await connectDuckdb(threads);
  const folder = outputFolder('duckdb');
  return {
    version: duckdbVersion(),
    async load() {
      const file = quoted(join(dataFolder, 'lineitem.parquet'));
      await connection.run(`CREATE TABLE lineitem AS SELECT * FROM read_parquet(${file})`);
    },
    async run(item) {
      const path = join(folder, `lineitem.${item}`);
      await connection.run(`COPY lineitem TO ${quoted(path)} (${options[item as Item]})`);
      return path;
    },
    answer: (path, item) => writtenAnswer(item as Item, path),
    async close() {
      connection.closeSync();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
