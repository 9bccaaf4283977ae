import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Session, t, udf } from 'sparrow-df';
import { tpcdsColumns } from './tpcds-columns.js';

const tenkColumns =
  'unique1 INT, unique2 INT, two INT, four INT, ten INT, twenty INT, hundred INT, thousand INT, twothousand INT, ' +
  'fivethous INT, tenthous INT, odd INT, even INT, stringu1 STRING, stringu2 STRING, string4 STRING';

/** Tables read from tab-separated files. */
const files: readonly (readonly [name: string, file: string, schema: string])[] = [
  ['aggtest', 'agg.data', 'a INT, b FLOAT'],
  ['onek', 'onek.data', tenkColumns],
  ['tenk1', 'tenk.data', tenkColumns],
];

const letters = ['a', 'b', 'c', 'd', 'e'];

/** Creates the tables that Spark's suite has before the first statement; large ones only where a text names them. */
export function createTestTables(session: Session, data: string | undefined, texts: string): void {
  registerFunctions(session);
  const rows = Array.from({ length: 100 }, (_, i) => ({ key: i + 1, value: String(i + 1) }));
  session.createDataFrame(rows, 'key INT, value STRING').createOrReplaceTempView('testdata');
  session
    .createDataFrame(
      [2, 3].map((n) => ({ arraycol: [n - 1, n, n + 1], nestedarraycol: [[n - 1, n, n + 1]] })),
      'arraycol ARRAY<INT>, nestedarraycol ARRAY<ARRAY<INT>>',
    )
    .createOrReplaceTempView('arraydata');
  const maps = [5, 4, 3, 2, 1].map((size, i) => ({
    mapcol: new Map(Array.from({ length: size }, (_, k) => [k + 1, `${letters[k]}${i + 1}`])),
  }));
  session.createDataFrame(maps, 'mapcol MAP<INT, STRING>').createOrReplaceTempView('mapdata');
  for (const [name, columns] of Object.entries(tpcdsColumns)) {
    if (new RegExp(`\\b${name}\\b`, 'i').test(texts))
      session.createDataFrame([], columns).createOrReplaceTempView(name);
  }
  if (data === undefined) return;
  for (const [name, file, schema] of files) {
    const path = join(data, file);
    if (!existsSync(path) || !new RegExp(`\\b${name}\\b`, 'i').test(texts)) continue;
    session.createDataFrame(tabRows(path, schema), schema).createOrReplaceTempView(name);
  }
}

function tabRows(path: string, schema: string): Record<string, unknown>[] {
  const columns = schema.split(',').map((column) => column.trim().split(' ') as [string, string]);
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(
        columns.map(([name, type], i) => [name, type === 'STRING' ? cells[i] : Number(cells[i])]),
      );
    });
}

/** The functions of their own that some of the suite's files call. */
function registerFunctions(session: Session): void {
  const pair = { args: [t.boolean, t.boolean], returns: t.boolean };
  session.udf.register(
    'booleq',
    udf((a: boolean, b: boolean) => a === b, pair),
  );
  session.udf.register(
    'boolne',
    udf((a: boolean, b: boolean) => a !== b, pair),
  );
  session.udf.register(
    'vol',
    udf((s: string) => s, { args: [t.string], returns: t.string }),
  );
}
