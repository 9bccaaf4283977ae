// TPC-DS beside DuckDB: data and query texts come from DuckDB's extension, and both engines answer all 99 queries.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pythonWithPackages } from './python.js';

/** TPC-DS's scale factor: `TPCDS_SCALE=1 npm run test:peers -- tpcds` for a gigabyte. */
const scale = process.env.TPCDS_SCALE ?? '0.01';
const folder = mkdtempSync(join(tmpdir(), 'sparrow-peers-tpcds-'));

const MAKE = `
import duckdb, duckdb_extension_tpcds, glob, json, os, sys
folder, scale = sys.argv[1:]
db = duckdb.connect(config={"allow_unsigned_extensions": True})
db.execute("LOAD '" + glob.glob(os.path.dirname(duckdb_extension_tpcds.__file__) + "/**/*.duckdb_extension", recursive=True)[0] + "'")
db.execute(f"CALL dsdgen(sf={scale})")
for (table,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall():
    db.execute(f"COPY {table} TO '{folder}/{table}.parquet' (FORMAT parquet)")
def plain(value):
    return value if value is None or isinstance(value, (str, float)) else float(value) if not hasattr(value, "isoformat") else value.isoformat()
queries = db.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall()
json.dump([[n, text, [[plain(v) for v in row] for row in db.execute(text).fetchall()]] for n, text in queries], open(folder + "/queries.json", "w"))
`;

type Value = string | number | null;
type Query = readonly [number: number, text: string, rows: readonly (readonly Value[])[]];

let session: Session<DefaultValues>;
let queries: ReadonlyMap<number, Query>;

beforeAll(async () => {
  const python = await pythonWithPackages();
  await promisify(execFile)(python, ['-c', MAKE, folder, scale], { timeout: 1_200_000 });
  const list = JSON.parse(readFileSync(join(folder, 'queries.json'), 'utf8')) as readonly Query[];
  queries = new Map(list.map((query) => [query[0], query]));
  session = await Session.create({ config: { 'spark.sql.ansi.doubleQuotedIdentifiers': 'true' } });
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.parquet'))
      session.read.parquet(join(folder, file)).createOrReplaceTempView(file.replace('.parquet', ''));
  }
});
afterAll(async () => {
  await session?.stop();
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
});

const isNumber = (value: Value): boolean => value !== null && value !== '' && Number.isFinite(Number(value));

/** Averages of decimals have six digits in Spark, and all those of a double in DuckDB. */
const close = (a: Value, b: Value): boolean =>
  a === b || (isNumber(a) && isNumber(b) && Math.abs(Number(a) - Number(b)) <= 1e-6 + 1e-6 * Math.abs(Number(b)));

const plain = (value: unknown): Value => {
  if (value === null || value === undefined) return null;
  return value instanceof Date ? value.toISOString().slice(0, 10) : typeof value === 'number' ? value : String(value);
};

/** Rows that are alike stand alike, whatever the order of ties. */
const ordered = (rows: readonly (readonly Value[])[]): (readonly Value[])[] => {
  const key = (row: readonly Value[]): string =>
    row.map((v) => (isNumber(v) ? Number(v).toPrecision(4) : (v ?? '\u0000'))).join('\u0001');
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
};

test.each(Array.from({ length: 99 }, (_, i) => i + 1))('query %i', async (number) => {
  const [, text, theirs] = queries.get(number) as Query;
  const frame = session.sql(text.trim().replace(/;$/, ''));
  const columns = await frame.columns();
  const rows = await frame.toDF(...columns.map((_, i) => `c${i}`)).collect();
  const ours = rows.map((row) => columns.map((_, i) => plain((row as Record<string, unknown>)[`c${i}`])));
  expect(ours.length).toBe(theirs.length);
  const [a, b] = [ordered(ours), ordered(theirs)];
  const different = a.flatMap((row, r) => {
    const other = b[r] as readonly Value[];
    return row.every((value, c) => close(value, other[c] as Value)) ? [] : [{ ours: row, theirs: other }];
  });
  expect(different).toEqual([]);
});
