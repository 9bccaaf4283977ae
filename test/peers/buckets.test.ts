import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askSpark } from './python.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-buckets-'));
const warehouse = join(folder, 'sparrow');
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '256MB', config: { 'spark.sql.warehouse.dir': warehouse } });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Columns of every type that has a hash, with nulls. */
const COLUMNS = {
  i: 'cast(id as int)',
  l: 'if(id % 11 = 0, null, id * 1000000007 - 5000000000)',
  s: "if(id % 7 = 0, null, concat('ä', id % 50))",
  f: 'if(id % 5 = 0, -0.0D, id / 3.0D)',
  fl: 'cast(id as float) / 3',
  d: 'cast(id / 7 as decimal(12,4))',
  big: 'cast(id as decimal(20,0)) * 12345678901',
  dt: "date_add(DATE'1969-12-01', cast(id as int))",
  ts: 'timestamp_micros(id * 1234567 - 100000000)',
  b: 'id % 2 = 0',
  bin: "cast(concat('x', id) as binary)",
  arr: 'array(cast(id as int), null)',
  st: "struct(id, 'q')",
  ty: 'cast(id % 128 as tinyint)',
};
const NAMES = Object.keys(COLUMNS);

/** Each row's bucket in the tables that Spark writes, beside the one in Sparrow's; and joins of both without a shuffle. */
const PROGRAM = `
import json, re, sys
folder, tables = sys.argv[1], json.loads(sys.argv[2])
rows = spark.read.parquet(folder + '/rows')
number = lambda file: int(re.search(r'_(\\d{5})\\.c\\d+', file).group(1))
numbers = lambda frame: {row[0]: number(row[1]) for row in frame.selectExpr('i', 'input_file_name()').collect()}
spark.conf.set('spark.sql.autoBroadcastJoinThreshold', '-1')
columns = ', '.join(f'{name} {kind}' for name, kind in rows.dtypes)
wrong, joined = [], []
for table, count, names in tables:
  rows.write.bucketBy(count, *names).saveAsTable('own_' + table)
  place = folder + '/sparrow/' + table
  if numbers(spark.table('own_' + table)) != numbers(spark.read.parquet(place)): wrong.append(table)
  if table in ('t_i', 't_s'):
    spark.sql(f"CREATE TABLE {table} ({columns}) USING parquet CLUSTERED BY ({', '.join(names)}) INTO {count} BUCKETS LOCATION '{place}'")
    join = spark.sql(f"SELECT count(*) FROM {table} a JOIN own_{table} b ON " + ' AND '.join(f'a.{n} = b.{n}' for n in names))
    shuffled = 'Exchange hashpartitioning' in join._jdf.queryExecution().executedPlan().toString()
    joined.append([table, join.collect()[0][0], shuffled])
print(json.dumps([wrong, joined]))
`;

test('rows are in the buckets that real Spark puts them into, and Spark joins the tables without a shuffle', async () => {
  const exprs = Object.entries(COLUMNS).map(([name, expr]) => `${expr} AS ${name}`);
  const frame = session.range(400).selectExpr(...exprs);
  await frame.write.parquet(join(folder, 'rows'));
  const single = NAMES.map((name) => [`t_${name}`, 5, [name]] as const);
  const tables = [['whole', 7, NAMES] as const, ...single];
  for (const [table, count, [first = '', ...others]] of tables) {
    await frame.write
      .bucketBy(count, first, ...others)
      .sortBy('s', 'i')
      .saveAsTable(table);
  }
  frame.createOrReplaceTempView('given');
  const same = await session.sql('SELECT count(*) AS n FROM given a JOIN given b ON a.s = b.s').collect();
  const found = await askSpark(PROGRAM, join(folder, 'spark'), folder, JSON.stringify(tables));
  expect(found).toEqual([
    [],
    [
      ['t_i', 400, false],
      ['t_s', same[0]?.n, false],
    ],
  ]);
});
