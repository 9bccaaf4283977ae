import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Many plain records are read at once by kernels, others one by one. Documents over many lines are always read one by
// one, so that option makes the second opinion; JSON.parse and DuckDB are others.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-json-blocks-'));
let session: Session;
beforeAll(async () => {
  session = (await Session.create({ workers: 2, memory: '1GB', int64: 'string' })) as unknown as Session;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function file(text: string | Uint8Array, extension = 'json'): string {
  const path = join(folder, `f${files++}.${extension}`);
  writeFileSync(path, text);
  return path;
}

/** The same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const TEXTS = [
  '',
  'plain',
  'naïve',
  '日本語',
  '😀 smile',
  'a "quoted" word',
  'tab\tline\nfeed',
  'back\\slash',
  '\u0001',
];
const RAW_TEXTS = [String.raw`"\u00e9\ud83d\ude00"`, String.raw`"\ud800 \/ \b\f\r"`, String.raw`"\udc00\ud800A"`];
const NUMBERS = ['0', '-0', '7', '-12', '123456789012345678', '1.5', '-0.25', '12345.678901234567890', '1e3', '2.5E-7'];

type Rows = readonly Record<string, unknown>[];
const schema = {
  i8: t.int8,
  i16: t.int16,
  i32: t.int32,
  i64: t.int64,
  f32: t.float32,
  f64: t.float64,
  money: t.decimal(12, 2),
  wide: t.decimal(30, 4),
  flag: t.boolean,
  day: t.date,
  at: t.timestamp,
  local: t.timestampNtz,
  text: t.string,
  'a rather long name of a field': t.string,
  list: t.array(t.int64),
  inner: t.struct({ x: t.float64, names: t.array(t.string) }),
  bytes: t.binary,
};

function fields(pick: (below: number) => number): Record<string, string> {
  const of = (texts: readonly string[]): string => texts[pick(texts.length)] as string;
  const text = (): string => (pick(5) === 0 ? of(RAW_TEXTS) : JSON.stringify(of(TEXTS)));
  const day = `2${String(pick(1000)).padStart(3, '0')}-${String(1 + pick(12)).padStart(2, '0')}-${String(1 + pick(28)).padStart(2, '0')}`;
  const clock = `${day}${of(['T', ' '])}${of(['00:00:00', '23:59:59', '12:34:56.789', '01:02:03.000001'])}`;
  return {
    i8: String(pick(256) - 128),
    i16: String(pick(65_536) - 32_768),
    i32: String(pick(2 ** 32) - 2 ** 31),
    i64: of(['9223372036854775807', '-9223372036854775808', '0', String(pick(1e9)), `-${pick(1e9)}`]),
    f32: of(NUMBERS),
    f64: of(NUMBERS),
    money: `${of(['', '-'])}${pick(1e6)}${of(['', '.5', '.25', '.10'])}`,
    wide: of(['12345678901234567890.1234', '-0.0001', '5', '99.5']),
    flag: of(['true', 'false']),
    day: `"${day}"`,
    at: `"${clock}${of(['', 'Z', '+02:00'])}"`,
    local: `"${clock}"`,
    text: of([text(), text(), '17', 'true', '{"a": [1, {"b": "}"}]}', '[ ]', '1.50']),
    'a rather long name of a field': text(),
    list: of(['[]', '[1,2]', '[ 3 , null ]']),
    inner: of(['{}', '{"x": 1}', `{"names": [${text()}], "x": -1.5}`, '{"unknown": [[{}]], "x": null}']),
    bytes: '"AAEC"',
  };
}

/** Records whose fields are missing, null, in another order and with blanks here and there. */
function lines(count: number, seed: number): string[] {
  const pick = random(seed);
  return Array.from({ length: count }, () => {
    const blank = (): string => [' ', '', '', '', '\t'][pick(5)] as string;
    const entries = Object.entries(fields(pick)).filter(() => pick(12) > 0);
    if (pick(6) === 0) entries.sort(() => pick(2) - 0.5);
    if (pick(9) === 0)
      entries.splice(pick(entries.length), 0, ['not in the schema', '{"deep": [1, "x", {"y": null}]}']);
    const parts = entries.map(([name, value]) => {
      return `${blank()}"${name}"${blank()}:${blank()}${pick(15) === 0 ? 'null' : value}${blank()}`;
    });
    return `${blank()}{${parts.join(',')}}${pick(7) === 0 ? '\r' : ''}`;
  });
}

const read = async (path: string, options: Record<string, string | boolean> = {}): Promise<Rows> => {
  let reader = session.read.schema(schema);
  for (const [name, value] of Object.entries(options)) reader = reader.option(name, value);
  return (await reader.json(path).collect()) as Rows;
};

describe('plain records', () => {
  test('of every type are what they are one by one', async () => {
    const path = file(lines(9000, 1).join('\n'));
    const rows = await read(path);
    expect(rows.length).toBe(9000);
    expect(rows).toEqual(await read(path, { multiLine: true }));
    const berlin = await read(path, { timeZone: 'Europe/Berlin' });
    expect(berlin).toEqual(await read(path, { timeZone: 'Europe/Berlin', multiLine: true }));
    expect(await read(file(gzipSync(lines(9000, 1).join('\n')), 'json.gz'))).toEqual(rows);
  });

  test('strings are those of JSON.parse', async () => {
    const text = lines(5000, 2);
    const rows = await read(file(text.join('\n')));
    const name = 'a rather long name of a field';
    // Half of a pair of surrogates is no character.
    const well = (value: unknown): unknown => (typeof value === 'string' ? Buffer.from(value).toString() : null);
    const wanted = text.map((line) => well((JSON.parse(line) as Record<string, unknown>)[name]));
    expect(rows.map((row) => row[name])).toEqual(wanted);
  });

  test('numbers and dates are those of DuckDB', async () => {
    // DuckDB refuses half pairs.
    const path = file(
      `${lines(20_000, 3)
        .join('\n')
        .replace(/\\u(ud800|udc00)/g, 'x')}\n`.replace(/\\u(d800|dc00)/g, 'x'),
    );
    // DuckDB reads longer decimals as doubles.
    const names = ['i8', 'i16', 'i32', 'i64', 'money'];
    const sums = names.map((name) => `sum(${name})::VARCHAR AS ${name}`).join(', ');
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    const types = `{i8: 'TINYINT', i16: 'SMALLINT', i32: 'INTEGER', i64: 'BIGINT', money: 'DECIMAL(12,2)', f64: 'DOUBLE', day: 'DATE'}`;
    const source = `read_json('${path}', format = 'newline_delimited', columns = ${types})`;
    const rest = 'sum(f64)::VARCHAR AS f64, max(day)::VARCHAR AS day, count(day)::VARCHAR AS days';
    const wanted = (await duckdb.runAndReadAll(`SELECT ${sums}, ${rest} FROM ${source}`)).getRowObjectsJson()[0];
    duckdb.closeSync();
    session.read.schema(schema).json(path).createOrReplaceTempView('blocks');
    const ours = await session
      .sql(
        `SELECT ${names.map((name) => `cast(sum(cast(${name} AS decimal(38,4))) AS string) AS ${name}`).join(', ')},
         sum(f64) AS f64, cast(max(day) AS string) AS day, cast(count(day) AS string) AS days FROM blocks`,
      )
      .collect();
    const [row] = ours as Rows;
    for (const name of names) expect(row?.[name]).toMatch(new RegExp(`^${wanted?.[name]}(\\.?0*)$`));
    expect(Number(row?.f64)).toBeCloseTo(Number(wanted?.f64), 3);
    expect([row?.day, row?.days]).toEqual([wanted?.day, wanted?.days]);
  });
});

describe('among plain records', () => {
  const many = (i: number): string => `{"i64": ${i}, "text": "row ${i}"}`;
  const odd = [
    `{"i64": 1, "i64": 2, "text": "twice"}`,
    `{'i64': 3, 'text': 'single'}`,
    `{"\\u00694": 9, "i64": 4, "text": "escaped name"}`,
    `[{"i64": 5}, {"i64": 6}]`,
    `${'{"list": '}${'['.repeat(80)}${']'.repeat(80)}, "i64": 7}`,
  ];

  test('odd ones are read as ever, in their places', async () => {
    const every = 3000;
    const text: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      text.push(many(i));
      if (i % every === every - 1) text.push(odd[((i / every) % odd.length) | 0] as string, '');
    }
    const path = file(text.join('\n'));
    const rows = await session.read.schema({ i64: t.int64, text: t.string }).json(path).collect();
    const again = await session.read
      .schema({ i64: t.int64, text: t.string })
      .option('multiLine', true)
      .json(path)
      .collect();
    expect(rows.length).toBe(30_000 + 12);
    expect(rows).toEqual(again);
  });

  test('what is malformed or of another type goes where the mode says', async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => many(i));
    const wrong = [
      '{"i64": 01}',
      '{"i64": 1.}',
      '{"i64": "x", "text": "kept"}',
      '{"i64": 1,}',
      '{"i64": tru}',
      '{"i64": 1} x',
    ];
    for (const [i, line] of wrong.entries()) text.splice(3000 * (i + 1), 0, line);
    const path = file(text.join('\n'));
    const withCorrupt = { i64: t.int64, text: t.string, _corrupt_record: t.string };
    const kept = (await session.read.schema(withCorrupt).json(path).collect()) as Rows;
    expect(kept.length).toBe(20_000 + wrong.length);
    expect(kept.filter((row) => row._corrupt_record !== null)).toEqual(
      wrong.map((line) => ({ i64: null, text: line.includes('kept') ? 'kept' : null, _corrupt_record: line })),
    );
    const plain = session.read.schema({ i64: t.int64, text: t.string });
    const dropped = (await plain.option('mode', 'DROPMALFORMED').json(path).collect()) as Rows;
    expect(dropped.map((row) => row.text)).toEqual(Array.from({ length: 20_000 }, (_, i) => `row ${i}`));
    await expect(plain.option('mode', 'FAILFAST').json(path).collect()).rejects.toThrow(/no JSON/);
  });

  test('bytes that are no UTF-8 make a record malformed, and no other', async () => {
    const text = Array.from({ length: 6000 }, (_, i) => Buffer.from(`${many(i)}\n`));
    text.splice(4000, 0, Buffer.from('{"i64": 1, "text": "\xff"}\n', 'latin1'));
    const rows = (await session.read
      .schema({ i64: t.int64, text: t.string })
      .json(file(Buffer.concat(text)))
      .collect()) as Rows;
    expect(rows.length).toBe(6001);
    expect(rows[4000]).toEqual({ i64: null, text: null });
    expect(rows[4001]).toEqual({ i64: '4000', text: 'row 4000' });
  });

  test('a record of many megabytes', async () => {
    const long = 'é'.repeat(20 << 20);
    const path = file([many(1), `{"i64": 2, "text": "${long}"}`, many(3)].join('\n'));
    const rows = (await session.read.schema({ i64: t.int64, text: t.string }).json(path).collect()) as Rows;
    expect(rows.map((row) => row.i64)).toEqual(['1', '2', '3']);
    expect(rows[1]?.text === long).toBe(true);
  });
});
