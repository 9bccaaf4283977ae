import { col, type DatabaseAdapter, type DefaultValues, fn, mysql, postgres, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answered, driverModule, type Server, startMariadb, startPostgres } from './servers.js';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
});

interface Case {
  readonly name: string;
  start(): Promise<Server>;
  adapter(port: number): DatabaseAdapter;
  /** Runs statements by the driver alone. */
  run(port: number, ...statements: string[]): Promise<unknown[][]>;
  readonly types: string;
  readonly numbers: string;
}

const pg = driverModule('pg', '8');
const my = driverModule('mysql2/promise', '3');
interface Driver {
  default: {
    Client: new (
      o: object,
    ) => { connect(): Promise<void>; query(q: object): Promise<{ rows: unknown[][] }>; end(): Promise<void> };
    createConnection(o: object): Promise<{ query(q: object): Promise<[unknown[][]]>; end(): Promise<void> }>;
  };
}

const cases: readonly Case[] = [
  {
    name: 'PostgreSQL',
    start: startPostgres,
    adapter: (port) => ({ ...postgres(`postgres://test@127.0.0.1:${port}/postgres`), driver: pg }),
    run: async (port, ...statements) => {
      const client = new ((await import(pg)) as Driver).default.Client({
        host: '127.0.0.1',
        port,
        user: 'test',
        database: 'postgres',
      });
      await client.connect();
      let rows: unknown[][] = [];
      for (const text of statements) ({ rows } = await client.query({ text, rowMode: 'array' }));
      await client.end();
      return rows;
    },
    types: `CREATE TABLE kinds (i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, d numeric(20,5), n numeric,
      b boolean, s text, c char(5), v varchar(10), dt date, ts timestamp, tz timestamptz, by bytea, u uuid, j jsonb)`,
    numbers:
      "CREATE TABLE numbers AS SELECT i AS id, i % 7 AS k, 'name ' || i AS name FROM generate_series(1, 50000) i",
  },
  {
    name: 'MariaDB',
    start: startMariadb,
    adapter: (port) => ({ ...mysql(`mysql://root@127.0.0.1:${port}/test`), driver: my }),
    run: async (port, ...statements) => {
      const client = await ((await import(my)) as Driver).default.createConnection({
        host: '127.0.0.1',
        port,
        user: 'root',
      });
      await client.query({ sql: 'CREATE DATABASE IF NOT EXISTS test' });
      await client.query({ sql: 'USE test' });
      let rows: unknown[][] = [];
      for (const sql of statements) [rows] = await client.query({ sql, rowsAsArray: true });
      await client.end();
      return rows;
    },
    types: `CREATE TABLE kinds (i1 tinyint, i2 smallint, i4 int, i8 bigint, u4 int unsigned, u8 bigint unsigned, f4 float, f8 double,
      d decimal(20,5), b boolean, s text, c char(5), v varchar(10), dt date, ts datetime(6), tz timestamp(6) NULL, by_ varbinary(20), j json)`,
    numbers:
      "CREATE TABLE numbers AS SELECT CAST(seq AS SIGNED INTEGER) AS id, CAST(seq AS SIGNED INTEGER) % 7 AS k, CONCAT('name ', seq) AS name FROM seq_1_to_50000",
  },
];

describe.each(cases)('$name', (database) => {
  let server: Server;
  let adapter: DatabaseAdapter;
  const sql = (...statements: string[]) => database.run(server.port, ...statements);
  beforeAll(async () => {
    server = await database.start();
    await answered(() => sql('SELECT 1'));
    adapter = database.adapter(server.port);
    await sql(database.numbers);
  }, 300_000);
  afterAll(() => server?.stop());
  const numbers = (options = {}) => session.read.database(adapter, { table: 'numbers', ...options });

  test('rows and pushed conditions', async () => {
    expect(await numbers().count()).toBe(50_000);
    const frame = numbers().filter(col('k').eq(3)).filter("name <> 'name 10'");
    expect(await frame.count()).toBe(
      Number((await sql("SELECT count(*) FROM numbers WHERE k = 3 AND name <> 'name 10'"))[0]?.[0]),
    );
    const plan = await numbers().filter('k > 4 and id < 100').select('name').explain('formatted');
    expect(plan).not.toContain('password');
    const found = await numbers().filter("name = 'name 77'").collect();
    expect(found).toEqual([{ id: 77, k: 0, name: 'name 77' }]);
    expect(await numbers().limit(5).count()).toBe(5);
    const sums = await numbers().groupBy('k').agg(fn.sum('id').as('sum')).orderBy('k').collect();
    const expected = await sql('SELECT k, sum(id) FROM numbers GROUP BY k ORDER BY k');
    expect(sums.map((row) => [Number(row.k), String(row.sum)])).toEqual(
      expected.map(([k, s]) => [Number(k), String(s)]),
    );
  });

  test('queries, and several connections', async () => {
    const query = { query: 'SELECT k, count(*) AS n FROM numbers GROUP BY k' };
    expect(await session.read.database(adapter, query).filter('k = 1').collect()).toMatchObject([{ k: 1, n: 7143 }]);
    const parts = numbers({ partitionColumn: 'id', lowerBound: 1, upperBound: 50_000, numPartitions: 5 });
    expect(await parts.agg(fn.count().as('n'), fn.sum('id').as('s')).collect()).toMatchObject([{ n: 50_000 }]);
    expect(await parts.select('id').distinct().count()).toBe(50_000);
  });

  test('several connections by day and by time', async () => {
    const rows = session
      .range(1000)
      .selectExpr(
        "date_add(date'2024-01-01', int(id)) AS day",
        "timestamp_ntz'2024-01-01 00:00:00' + make_interval(0, 0, 0, 0, int(id)) AS at",
        'id',
      );
    await rows.write.database(adapter, 'days');
    const read = (options: object) => session.read.database(adapter, { table: 'days', ...options, numPartitions: 4 });
    const whole = await rows.agg(fn.count().as('n'), fn.sum('id').as('s')).collect();
    for (const options of [
      { partitionColumn: 'day', lowerBound: '2024-02-01', upperBound: '2026-01-01' },
      { partitionColumn: 'AT', lowerBound: '2024-01-02 03:04:05.5', upperBound: '2024-01-20' },
    ]) {
      expect(await read(options).agg(fn.count().as('n'), fn.sum('id').as('s')).collect()).toEqual(whole);
      expect(await read(options).count()).toBe(1000);
    }
    const wrong = read({ partitionColumn: 'day', lowerBound: 'soon', upperBound: '2026-01-01' });
    await expect(wrong.count()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/soon/),
    });
  });

  test('every type goes there and comes back', async () => {
    const schema = {
      i: t.int32,
      l: t.int64,
      d: t.decimal(30, 10),
      f: t.float64,
      b: t.boolean,
      s: t.string,
      x: t.binary,
      dt: t.date,
      ts: t.timestampNtz,
      tz: t.timestamp,
    };
    const rows = [
      {
        i: -5,
        l: 9007199254740991n,
        d: '12345678901234567890.0123456789',
        f: 0.1,
        b: true,
        s: 'it\'s \\ "x" ü 🐦\n',
        x: new Uint8Array([0, 1, 255, 39, 92]),
        dt: new Date('1969-07-20'),
        ts: new Date('2001-02-03T04:05:06.789Z'),
        tz: new Date('2024-05-06T07:08:09.123Z'),
      },
      { i: null, l: null, d: null, f: null, b: null, s: null, x: null, dt: null, ts: null, tz: null },
    ];
    const frame = session.createDataFrame(rows, schema);
    expect(await frame.write.database(adapter, 'back')).toMatchObject({ rows: 2 });
    const back = await session.read.database(adapter, { table: 'back' }).collect();
    const expected = await frame.collect();
    expect(back.length).toBe(2);
    for (const [i, row] of expected.entries()) {
      const { x, ...other } = row as Record<string, unknown>;
      const { x: y, ...found } = back[i] as Record<string, unknown>;
      expect(found).toEqual(other);
      expect(y === null ? null : [...(y as Uint8Array)]).toEqual(x === null ? null : [...(x as Uint8Array)]);
    }
    expect(
      await session.read
        .database(adapter, { table: 'back' })
        .filter("tz > timestamp'2024-05-06 07:08:09.122' and dt < date'1970-01-01' and d > 1")
        .count(),
    ).toBe(1);
  });

  test('modes, and all or nothing', async () => {
    const one = session.range(10);
    await one.write.database(adapter, 'modes');
    await expect(one.write.database(adapter, 'modes')).rejects.toMatchObject({ code: 'TABLE_OR_VIEW_ALREADY_EXISTS' });
    await one.write.mode('ignore').database(adapter, 'modes');
    await one.write.mode('append').database(adapter, 'modes');
    expect((await sql('SELECT count(*) FROM modes'))[0]?.map(Number)).toEqual([20]);
    const failing = session.range(5000).selectExpr('if(id < 4999, id, raise_error("no")) as id');
    await expect(failing.write.mode('overwrite').database(adapter, 'modes')).rejects.toThrow(/no/);
    expect((await sql('SELECT count(*) FROM modes'))[0]?.map(Number)).toEqual([20]);
    await session.range(3).write.mode('overwrite').database(adapter, 'modes');
    expect((await sql('SELECT count(*) FROM modes'))[0]?.map(Number)).toEqual([3]);
    await expect(failing.write.database(adapter, 'never')).rejects.toThrow(/no/);
    await expect(session.read.database(adapter, { table: 'never' }).count()).rejects.toMatchObject({
      code: 'FAILED_DATABASE',
    });
  });

  test('the types of its own', async () => {
    await sql(
      database.types,
      'INSERT INTO kinds SELECT ' +
        (database.name === 'MariaDB'
          ? "-128, -32768, 2147483647, -9223372036854775808, 4294967295, 18446744073709551615, 1.5, 0.1, 12345.67890, true, 'text', 'ab', 'cd', '2020-02-29', '2020-02-29 01:02:03.000004', '2020-02-29 01:02:03.000004', 'bytes', '{\"a\": 1}'"
          : "-32768, 2147483647, -9223372036854775808, 1.5, 0.1, 12345.67890, 1.25, true, 'text', 'ab', 'cd', '2020-02-29', '2020-02-29 01:02:03.000004', '2020-02-29 01:02:03.000004+02', '\\x0102', '00000000-0000-0000-0000-000000000001', '{\"a\": 1}'"),
    );
    const frame = session.read.database(adapter, { table: 'kinds' });
    const simple = (await frame.schema()).simpleString();
    expect(simple).toBe(
      database.name === 'MariaDB'
        ? 'struct<i1:tinyint,i2:smallint,i4:int,i8:bigint,u4:bigint,u8:decimal(20,0),f4:float,f8:double,d:decimal(20,5),b:boolean,s:string,c:string,v:string,dt:date,ts:timestamp_ntz,tz:timestamp,by_:binary,j:string>'
        : 'struct<i2:smallint,i4:int,i8:bigint,f4:float,f8:double,d:decimal(20,5),n:decimal(38,18),b:boolean,s:string,c:string,v:string,dt:date,ts:timestamp_ntz,tz:timestamp,by:binary,u:string,j:string>',
    );
    const texts = await frame
      .selectExpr(
        'cast(i8 as string) i8',
        'cast(f8 as string) f8',
        'cast(d as string) d',
        'b',
        'cast(ts as string) ts',
        'cast(tz as string) tz',
        's',
      )
      .collect();
    expect(texts).toEqual([
      {
        i8: '-9223372036854775808',
        f8: '0.1',
        d: '12345.67890',
        b: true,
        ts: '2020-02-29 01:02:03.000004',
        tz: database.name === 'MariaDB' ? '2020-02-29 01:02:03.000004' : '2020-02-28 23:02:03.000004',
        s: 'text',
      },
    ]);
  });
});
