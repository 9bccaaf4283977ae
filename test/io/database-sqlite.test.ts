import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, fn, Session, sqlite, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { all(): readonly Record<string, unknown>[] };
  close(): void;
}

/** In Node.js 22 and later. */
function loadSqlite(): { readonly DatabaseSync: new (path: string) => Database } | undefined {
  try {
    return createRequire(import.meta.url)('node:sqlite') as ReturnType<typeof loadSqlite>;
  } catch {
    return undefined;
  }
}
const module = loadSqlite();
if (module === undefined) console.log(`node:sqlite is not in Node.js ${process.version}: its tests are left out`);

const folder = mkdtempSync(join(tmpdir(), 'sparrow-sqlite-'));
const path = join(folder, 'data.db');
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('what cannot be reached is said', async () => {
  const nowhere = session.read.database(sqlite(join(folder, 'no', 'file.db')), { table: 't' });
  const code = module === undefined ? 'MISSING_PACKAGE' : 'FAILED_DATABASE';
  await expect(nowhere.count()).rejects.toMatchObject({ code });
  const neither = session.read.database(sqlite(path), {} as never);
  await expect(neither.count()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

describe.skipIf(module === undefined)('SQLite', () => {
  const sql = (text: string): readonly Record<string, unknown>[] => {
    const database = new (module as NonNullable<typeof module>).DatabaseSync(path);
    try {
      return database.prepare(text).all();
    } finally {
      database.close();
    }
  };

  test('is read with its conditions', async () => {
    sql('CREATE TABLE n (id INTEGER, x REAL, name TEXT, b BLOB, anything)');
    sql(`WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 10000)
         INSERT INTO n SELECT i, i / 4.0, 'it''s ' || i, x'00ff', i FROM r`);
    const frame = session.read.database(sqlite(path), { table: 'n' });
    expect((await frame.schema()).simpleString()).toBe(
      'struct<id:bigint,x:double,name:string,b:binary,anything:bigint>',
    );
    const [expected] = sql("SELECT count(*) AS n, sum(x) AS s FROM n WHERE id > 5000 AND name <> 'it''s 6000'");
    const kept = frame.filter("id > 5000 and name <> 'it''s 6000'");
    expect(await kept.agg(fn.count().as('n'), fn.sum('x').as('s')).collect()).toEqual([{ ...expected }]);
    expect(await frame.filter('name = "it\'s 7"').select('id', 'x').collect()).toEqual([{ id: 7, x: 1.75 }]);
    expect(await frame.limit(3).count()).toBe(3);
  });

  test('is written all or nothing', async () => {
    const schema = { id: t.int64, d: t.decimal(30, 10), day: t.date, at: t.timestampNtz, yes: t.boolean };
    const rows = [
      { id: 9007199254740991, d: '12345678901234567890.0123456789', day: new Date('2020-02-29'), at: null, yes: true },
    ];
    const frame = session.createDataFrame(rows, schema);
    await frame.write.database(sqlite(path), 'w');
    expect(await session.read.database(sqlite(path), { table: 'w' }).collect()).toEqual(await frame.collect());
    const failing = session.range(5000).selectExpr("if(id < 4999, id, raise_error('no')) as id");
    await expect(failing.write.database(sqlite(path), 'never')).rejects.toThrow(/no/);
    await expect(failing.write.mode('overwrite').database(sqlite(path), 'n')).rejects.toThrow();
    expect(sql('SELECT count(*) AS n FROM n')).toEqual([{ n: 10000 }]);
    expect(sql("SELECT count(*) AS n FROM sqlite_master WHERE name = 'never'")).toEqual([{ n: 0 }]);
  });
});
