import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { col } from '../../src/api/functions.js';
import { Session } from '../../src/api/session.js';
import { t } from '../../src/api/types.js';
import { udf } from '../../src/api/udf.js';
import { field, structType } from '../../src/base/index.js';
import { FakeEngine } from './fake-engine.js';

async function open() {
  const engine = new FakeEngine();
  const session = await Session.create({ timeZone: 'Europe/Berlin' }, engine.create);
  const schema = structType([field('id', t.int64, false), field('name', t.string)]);
  const ids = [1n, 2n, 3n, 4n, 5n];
  engine.answer(schema, [ids, ['a', 'b', null, 'd', 'e']]);
  return { engine, session, frame: session.table('people') };
}

describe('options', () => {
  test.each([
    [{ wrokers: 2 }, /no session option wrokers.*Did you mean/],
    [{ workers: 0 }, /workers is a whole number of at least 1/],
    [{ memory: 'lots' }, /memory is a number of bytes/],
    [{ int64: 'float' }, /int64 is one of 'number', 'bigint', 'string'/],
    [{ timeZone: 'Mars/Olympus' }, /INVALID_CONF_VALUE.*Mars\/Olympus/],
    [{ remote: 'sc://host:15002' }, /a session on sc:\/\/host:15002 is not possible yet/],
  ])('%j is refused', async (options, message) => {
    await expect(Session.create(options as object)).rejects.toThrow(message);
  });

  test.each([
    ['4GB', 4 * 2 ** 30],
    ['512m', 512 * 2 ** 20],
    ['1.5 GiB', 1.5 * 2 ** 30],
    [1000, 1000],
  ])('memory %s', async (memory, bytes) => {
    const engine = new FakeEngine();
    await Session.create({ memory, workers: 2, spillDirectory: 'spill' }, engine.create);
    expect(engine.options).toMatchObject({ memoryBytes: bytes, workers: 2, spillDirectory: 'spill' });
  });
});

describe('configuration', () => {
  test('has Spark names in any case, defaults and checks', async () => {
    const { session } = await open();
    const { conf } = session;
    expect(conf.get('spark.sql.session.timeZone')).toBe('Europe/Berlin');
    expect(conf.get('SPARK.SQL.ANSI.ENABLED')).toBe('true');
    expect(conf.get('spark.app.anything', null)).toBeNull();
    expect(() => conf.get('spark.sql.ansi.enable')).toThrow(/SQL_CONF_NOT_FOUND.*spark\.sql\.ansi\.enabled/);
    conf.set('spark.sql.ansi.enabled', false);
    conf.set('spark.sql.timestampType', 'TIMESTAMP_NTZ');
    conf.set('spark.my.own', 3);
    expect(conf.settings).toEqual({
      ansi: false,
      timeZone: 'Europe/Berlin',
      timestampType: 'ntz',
      caseSensitive: false,
      shufflePartitions: 200,
      exactDecimals: false,
      config: {
        'spark.sql.session.timeZone': 'Europe/Berlin',
        'spark.sql.ansi.enabled': 'false',
        'spark.sql.timestampType': 'TIMESTAMP_NTZ',
        'spark.my.own': '3',
      },
    });
    conf.unset('spark.sql.ansi.enabled');
    expect(conf.settings.ansi).toBe(true);
    expect(() => conf.set('spark.sql.ansi.enabled', 'yes')).toThrow(/it is true or false/);
    expect(() => conf.set('spark.sql.shuffle.partitions', 0)).toThrow(/at least 1/);
    expect(conf.isModifiable('spark.sql.ansi.enabled')).toBe(true);
    expect(conf.isModifiable('spark.my.own')).toBe(false);
  });

  test('holds for the queries that start later', async () => {
    const { engine, session, frame } = await open();
    await frame.collect();
    session.conf.set('spark.sql.ansi.enabled', false);
    await frame.collect();
    expect(engine.ran.map(({ options }) => options.settings.ansi)).toEqual([true, false]);
  });
});

describe('actions', () => {
  test('give rows', async () => {
    const { frame } = await open();
    const rows = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: null },
      { id: 4, name: 'd' },
      { id: 5, name: 'e' },
    ];
    expect(await frame.collect()).toEqual(rows);
    expect(await frame.tail(2)).toEqual(rows.slice(-2));
    expect(await frame.tail(0)).toEqual([]);
    const iterated: unknown[] = [];
    for await (const row of frame) iterated.push(row);
    expect(iterated).toEqual(rows);
    expect(await frame.first()).toEqual(rows[0]);
    expect(JSON.parse(JSON.stringify(await frame.take(1)))).toHaveLength(5);
  });

  test('take asks the engine for no more than it needs', async () => {
    const { engine, frame } = await open();
    await frame.take(3);
    expect(engine.lastPlan).toMatchObject({ kind: 'limit', limit: 3 });
    await frame.head();
    expect(engine.lastPlan).toMatchObject({ kind: 'limit', limit: 1 });
    await frame.showString(2);
    expect(engine.lastPlan).toMatchObject({ kind: 'limit', limit: 3 });
    await frame.count();
    expect(engine.lastPlan).toMatchObject({ kind: 'aggregate', groupBy: [], output: [{ name: 'count' }] });
    await expect(frame.take(-1)).rejects.toThrow(/whole number/);
  });

  test('show prints, and values are copied before the next batch comes', async () => {
    const { frame } = await open();
    expect(await frame.showString(2)).toBe(
      '+---+----+\n| id|name|\n+---+----+\n|  1|   a|\n|  2|   b|\n+---+----+\nonly showing top 2 rows\n',
    );
  });

  test('toArrow and batches give copies', async () => {
    const { frame } = await open();
    const table = await frame.toArrow();
    expect(table.numRows).toBe(5);
    expect(Array.from(table.getChild('id') ?? [])).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(Array.from(table.getChild('name') ?? [])).toEqual(['a', 'b', null, 'd', 'e']);
    const counts: number[] = [];
    for await (const batch of frame.batches()) counts.push(batch.numRows);
    expect(counts).toEqual([4, 1]);
  });

  test('schema, columns, dtypes, explain', async () => {
    const { frame } = await open();
    const schema = await frame.schema();
    expect(schema.simpleString()).toBe('struct<id:bigint,name:string>');
    expect(schema.fields).toEqual([
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'name', type: { kind: 'string' }, nullable: true },
    ]);
    expect(schema.fields[0]?.type.simpleString()).toBe('bigint');
    expect(schema.fields[0]?.dataType.simpleString()).toBe('bigint');
    expect(schema.treeString()).toBe('root\n |-- id: long (nullable = false)\n |-- name: string (nullable = true)\n');
    expect(JSON.parse(schema.json())).toMatchObject({ type: 'struct', fields: [{ name: 'id', type: 'long' }, {}] });
    expect(await frame.columns()).toEqual(['id', 'name']);
    expect(await frame.dtypes()).toEqual([
      ['id', 'bigint'],
      ['name', 'string'],
    ]);
    expect(await frame.explain()).toBe('plan, simple');
    expect(await frame.explain(true)).toBe('plan, extended');
    await expect(frame.explain('loud' as never)).rejects.toThrow(/UNKNOWN_EXPLAIN_MODE/);
  });

  test('an aborted signal stops a query before it starts', async () => {
    const { engine, frame } = await open();
    const error = await frame.collect({ signal: AbortSignal.abort('enough') }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'OPERATION_CANCELED', cause: 'enough' });
    expect(engine.ran).toEqual([]);
  });

  test('notebooks get HTML and text', async () => {
    const { frame } = await open();
    const display = frame[Symbol.for('Jupyter.display') as unknown as keyof typeof frame] as () => Promise<object>;
    expect(await display.call(frame)).toMatchObject({
      'text/html': expect.stringContaining('<th>id</th>'),
      'text/plain': expect.stringContaining('| id|name|'),
    });
  });

  test('write', async () => {
    const { engine, frame } = await open();
    await frame.write.mode('overwrite').partitionBy('name').option('compression', 'zstd').parquet('out/');
    expect(engine.lastPlan).toMatchObject({
      kind: 'write',
      format: 'parquet',
      path: 'out/',
      mode: 'overwrite',
      partitionBy: ['name'],
      options: { compression: 'zstd' },
    });
    await frame.write.format('CSV').save('x');
    expect(engine.lastPlan).toMatchObject({ format: 'csv', mode: 'error' });
    expect(() => frame.write.mode('replace' as never)).toThrow(/INVALID_SAVE_MODE/);
  });
});

describe('a frame', () => {
  test('is never thenable, and awaiting it gives itself', async () => {
    const { frame } = await open();
    for (const value of [frame, frame.groupBy('id'), frame.write, col('x'), frame.filter('a')]) {
      expect('then' in value).toBe(false);
    }
    expect(await frame).toBe(frame);
  });

  test('prints its schema where it is known, else its plan, and runs nothing', async () => {
    const { engine, session, frame } = await open();
    expect(inspect(session.read.schema('id BIGINT, ok BOOLEAN').csv('x.csv').filter('ok'))).toBe(
      'DataFrame[id: bigint, ok: boolean]',
    );
    expect(inspect(session.read.parquet('x.parquet').filter('ok').limit(1))).toBe(
      'DataFrame[limit < filter < read parquet(x.parquet)]',
    );
    expect(inspect(frame)).toBe('DataFrame[view people]');
    expect(engine.ran).toEqual([]);
    await frame.schema();
    expect(inspect(frame)).toBe('DataFrame[id: bigint, name: string]');
  });
});

describe('views and SQL', () => {
  test('views are found in any case', async () => {
    const { engine, session, frame } = await open();
    frame.createOrReplaceTempView('Ours');
    expect(engine.options?.view('OURS')).toBe(frame.plan);
    expect(engine.options?.viewNames()).toEqual(['ours']);
    expect(() => frame.createTempView('ours')).toThrow(/TEMP_TABLE_OR_VIEW_ALREADY_EXISTS/);
    expect(session.dropTempView('OURS')).toBe(true);
    expect(session.dropTempView('ours')).toBe(false);
  });

  test('a template makes parameters of values and tables of frames', async () => {
    const { session, frame } = await open();
    const { plan } = session.sql`SELECT * FROM ${frame} WHERE id > ${100} AND name IN (${['a', 'b']})`;
    expect(plan).toMatchObject({
      kind: 'sql_query',
      text: 'SELECT * FROM __frame_1 WHERE id > :__value_2 AND name IN (:__value_3_0, :__value_3_1)',
      parameters: { __value_2: { kind: 'literal', value: 100 }, __value_3_1: { value: 'b' } },
      inputs: { __frame_1: { kind: 'view' } },
    });
  });

  test('text takes parameters by name and by position', async () => {
    const { session } = await open();
    expect(session.sql('SELECT :n', { n: 1 }).plan).toMatchObject({ parameters: { n: { value: 1 } } });
    expect(session.sql('SELECT :n', { params: { n: 1 } }).plan).toMatchObject({ parameters: { n: { value: 1 } } });
    expect(session.sql('SELECT ?', [7]).plan).toMatchObject({ parameters: { 1: { value: 7 } } });
    expect(() => session.sql(' ')).toThrow(/PARSE_EMPTY_STATEMENT/);
  });
});

test('a stopped session says so', async () => {
  const { engine, session, frame } = await open();
  await session.stop();
  await session[Symbol.asyncDispose]();
  expect(engine.stopped).toBe(1);
  await expect(frame.collect()).rejects.toThrow(/SESSION_CLOSED/);
});

test('functions in JavaScript are described, and become calls', () => {
  const twice = udf({ module: new URL('file:///udfs.js'), export: 'twice', returns: t.float64 });
  expect(twice.descriptor).toMatchObject({
    name: 'twice',
    source: { kind: 'module', module: 'file:///udfs.js', export: 'twice' },
    returns: t.float64,
    nulls: 'skip',
  });
  const local = udf((x: number) => x * 2, { args: [t.float64], returns: 'double', name: 'double' });
  expect(local.descriptor).toMatchObject({ source: { kind: 'local' }, name: 'double', returns: t.float64 });
  expect(String(local('x'))).toBe('double(x)');
});
