import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { diskQuestions, diskTables, isLong, longAnswer, partsOf } from './questions.js';

export async function open({ threads, dataFolder }: Setting): Promise<Engine<Answer>> {
  const connection = await connectDuckdb(threads);
  const spill = mkdtempSync(join(tmpdir(), 'bench-disk-'));
  return {
    version: duckdbVersion(),
    async load() {
      await connection.run(`SET temp_directory = ${quoted(spill)}`);
      for (const table of diskTables) {
        const file = quoted(join(dataFolder, `${table}.parquet`));
        await connection.run(`CREATE VIEW ${table} AS SELECT * FROM read_parquet(${file})`);
      }
    },
    async run(item) {
      const { question, megabytes } = partsOf(item);
      await connection.run(`SET memory_limit = '${megabytes}MiB'`);
      if (!isLong(question)) return duckdbAnswer(await connection.runAndReadAll(diskQuestions[question]));
      const result = await connection.stream(diskQuestions[question]);
      let rows = 0;
      let last: unknown = null;
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; ) {
        rows += chunk.rowCount;
        last = chunk.getColumnVector(0).getItem(chunk.rowCount - 1);
        chunk = await result.fetchChunk();
      }
      return longAnswer(rows, last);
    },
    answer: (answer) => answer,
    async close() {
      connection.closeSync();
      rmSync(spill, { recursive: true, force: true });
    },
  };
}
