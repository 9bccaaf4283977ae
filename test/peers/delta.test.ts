// Delta tables beside delta-rs: what one writes the other reads, and changes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, DeltaTable, lit, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askPython, pythonWithPackages } from './python.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-peers-delta-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
  await pythonWithPackages();
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const READ = `
import sys, json
from deltalake import DeltaTable
t = DeltaTable(sys.argv[1])
rows = t.to_pyarrow_table().to_pylist()
print(json.dumps({"version": t.version(), "rows": sorted(rows, key=lambda r: json.dumps(r, default=str, sort_keys=True))}, default=str))
`;
interface Theirs {
  readonly version: number;
  readonly rows: readonly Record<string, unknown>[];
}
const theirs = async (path: string) => (await askPython(READ, path)) as Theirs;
const sorted = (rows: readonly object[]) =>
  [...rows].map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

describe('delta-rs', () => {
  test('reads tables of every type that we wrote, partitions and nested values among them', async () => {
    const path = join(folder, 'types');
    const rows = session.sql(`
      SELECT * FROM VALUES
        (1, 1L, 1.5D, true, 'a', DATE '2024-02-29', TIMESTAMP '2024-01-01 12:34:56.789', 12.34BD, array(1, NULL),
         named_struct('x', 1, 'y', 'z'), 'p/1', X'00ff'),
        (-2147483648, -9007199254740993L, -0.0D, false, 'ü"', DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59', -0.01BD,
         array(), named_struct('x', NULL, 'y', NULL), 'p 2=%', X''),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
      AS v(i, l, d, b, s, dt, ts, de, a, st, part, bin)`);
    await rows.write.partitionBy('part').delta(path);
    const found = await theirs(path);
    const texts = found.rows.map(({ bin: _, ...row }) => row);
    expect(sorted(texts)).toEqual(
      sorted([
        {
          i: 1,
          l: 1,
          d: 1.5,
          b: true,
          s: 'a',
          dt: '2024-02-29',
          ts: '2024-01-01 12:34:56.789000+00:00',
          de: '12.34',
          a: [1, null],
          st: { x: 1, y: 'z' },
          part: 'p/1',
        },
        {
          i: -2147483648,
          l: -9007199254740992,
          d: 0,
          b: false,
          s: 'ü"',
          dt: '1969-12-31',
          ts: '1969-12-31 23:59:59+00:00',
          de: '-0.01',
          a: [],
          st: { x: null, y: null },
          part: 'p 2=%',
        },
        { i: null, l: null, d: null, b: null, s: null, dt: null, ts: null, de: null, a: null, st: null, part: null },
      ]),
    );
  });

  test('agrees on timestamps that are partitions, whatever the zone of the session', async () => {
    const berlin = await Session.create({ workers: 1, timeZone: 'Europe/Berlin' });
    try {
      const path = join(folder, 'instants');
      await berlin
        .sql(
          "SELECT * FROM VALUES (1, TIMESTAMP '2024-07-01 12:00:00'), (2, TIMESTAMP '2024-01-01 12:00:00.5'), (3, NULL) AS v(i, ts)",
        )
        .write.partitionBy('ts')
        .delta(path);
      const expected = [
        { i: 1, ts: '2024-07-01 10:00:00+00:00' },
        { i: 2, ts: '2024-01-01 11:00:00.500000+00:00' },
        { i: 3, ts: null },
      ];
      expect(sorted((await theirs(path)).rows)).toEqual(sorted(expected));
      const instants = (s: Session) =>
        s.read.delta(path).selectExpr('i', 'unix_millis(ts) AS ms').orderBy('i').collect();
      expect(await instants(session)).toEqual(
        expected.map(({ i, ts }) => ({ i, ms: ts === null ? null : Date.parse(ts) })),
      );
      expect(await instants(berlin)).toEqual(await instants(session));
    } finally {
      await berlin.stop();
    }
  });

  test('reads what our changes leave, from a checkpoint too', async () => {
    const path = join(folder, 'changes');
    const schema = { id: t.int64, name: t.string };
    const frame = (from: number, to: number) =>
      session.createDataFrame(
        Array.from({ length: to - from }, (_, i) => ({ id: from + i, name: `n${from + i}` })),
        schema,
      );
    await frame(0, 10).write.delta(path);
    const table = DeltaTable.forPath(session, path);
    for (let i = 1; i < 8; i++)
      await frame(i * 10, i * 10 + 10)
        .write.mode('append')
        .delta(path);
    await table.delete('id % 3 = 0');
    await table.update({ condition: 'id > 60', set: { name: lit('late') } });
    await table
      .as('t')
      .merge(frame(55, 100).alias('s'), 't.id = s.id')
      .whenMatchedUpdate({ set: { name: "'merged'" } })
      .whenNotMatchedInsertAll()
      .execute();
    await table.delete('id = 1');
    const ours = await session.read.delta(path).collect();
    const found = await theirs(path);
    expect(found.version).toBe(11);
    expect(sorted(found.rows)).toEqual(sorted(ours));
    // Of 80 rows 53 are left, 8 of those that went and 20 more come with the merge, one goes.
    expect(ours.length).toBe(80);
  });

  test('writes and changes tables that we then read and change', async () => {
    const path = join(folder, 'theirs');
    const WRITE = `
import sys, json, datetime
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
path = sys.argv[1]
def rows(a, b):
    return pa.table({"id": pa.array(range(a, b), pa.int64()), "part": ["p%d" % (i % 3) for i in range(a, b)],
                     "at": pa.array([datetime.datetime(2024, 1, 1, i % 24) for i in range(a, b)], pa.timestamp("us", "UTC"))})
write_deltalake(path, rows(0, 50), partition_by=["part"])
write_deltalake(path, rows(50, 80), mode="append")
t = DeltaTable(path)
t.delete("id < 5")
t.update(predicate="id = 60", updates={"part": "'p9'"})
t.create_checkpoint()
write_deltalake(path, rows(80, 90), mode="append")
print(json.dumps(DeltaTable(path).to_pyarrow_table().num_rows))
`;
    expect(await askPython(WRITE, path)).toBe(85);
    const read = () => session.read.delta(path);
    expect(await read().count()).toBe(85);
    expect(await read().filter("part = 'p9'").count()).toBe(1);
    const table = DeltaTable.forPath(session, path);
    await table.delete("part = 'p1'");
    await read().limit(3).selectExpr('id + 1000 AS id', 'part', 'at').write.mode('append').delta(path);
    const found = await theirs(path);
    const ours = await read().count();
    expect(found.rows.length).toBe(ours);
    expect(found.rows.filter((row) => row.part === 'p1').length).toBe(await read().filter("part = 'p1'").count());
  });
});
