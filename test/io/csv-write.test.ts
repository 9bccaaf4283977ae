import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import * as base from '../../src/base/index.js';
import { buildColumn, type DataType, field, type Scalar, SharedHeap, structType } from '../../src/base/index.js';
import { csvFormat } from '../../src/io/csv/index.js';
import { readCsv, taskContext } from './support/csv.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-csv-write-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const heap = SharedHeap.create(2 ** 28);
const path = join(folder, 'out.csv');

type Columns = readonly (readonly [name: string, type: DataType])[];

function write(
  columns: Columns,
  rows: readonly (readonly Scalar[])[],
  options: Record<string, string> = {},
  to = path,
): { rows: number; bytes: number } {
  const context = taskContext(heap);
  try {
    const fields = columns.map(([name, type]) => field(name, type));
    const writer = csvFormat.createWriter?.(to, fields, options, context);
    const built = columns.map(([, type], i) =>
      buildColumn(
        context.arena,
        type,
        rows.map((row) => row[i] as Scalar),
      ),
    );
    writer?.write({ rows: rows.length, columns: built });
    return writer?.finish() ?? { rows: 0, bytes: 0 };
  } finally {
    context.arena.release();
  }
}
const written = (columns: Columns, rows: readonly (readonly Scalar[])[], options: Record<string, string> = {}) => {
  write(columns, rows, options);
  return readFileSync(path, 'utf8');
};

describe('text that spreadsheets would run', () => {
  it('gets an apostrophe when asked, in headers too; numbers stay', () => {
    const columns: Columns = [
      ['=n', { kind: 'int32' }],
      ['s', { kind: 'string' }],
    ];
    const texts = ['=1+2', '+x', '-x', '@SUM(A1)', '=HYPERLINK("http://x","y")', 'a=b', '', null];
    const rows = texts.map((text) => [-1, text]);
    expect(written(columns, rows, { header: 'true', escapeFormulas: 'true', escape: '"' })).toBe(
      "'=n,s\n-1,'=1+2\n-1,'+x\n-1,'-x\n-1,'@SUM(A1)\n" + `-1,"'=HYPERLINK(""http://x"",""y"")"\n-1,a=b\n-1,""\n-1,\n`,
    );
    expect(written(columns, [[-1, '=1']])).toBe('-1,=1\n');
  });
});

describe('CSV as Spark writes it', () => {
  it('values of every type', () => {
    const columns: Columns = [
      ['i', base.int32Type],
      ['f', base.float64Type],
      ['d', base.decimalType(5, 2)],
      ['b', base.booleanType],
      ['day', base.dateType],
      ['at', base.timestampType],
      ['clock', base.timestampNtzType],
      ['s', base.stringType],
    ];
    const row: Scalar[] = [-5, 1e10, 150n, true, 0, 1_500_000n, 1_000_001n, 'x'];
    expect(written(columns, [row, row.map(() => null)], { header: 'true' })).toBe(
      'i,f,d,b,day,at,clock,s\n-5,1.0E10,1.50,true,1970-01-01,1970-01-01T00:00:01.500Z,1970-01-01T00:00:01.000001,x\n,,,,,,,\n',
    );
  });

  it.each([
    [['a,b'], '"a,b"\n'],
    [['say "hi"'], '"say \\"hi\\""\n'],
    [['line\nbreak'], '"line\nbreak"\n'],
    [['back\\slash'], 'back\\slash\n'],
    [['back\\slash, quoted'], '"back\\\\slash, quoted"\n'],
    [[''], '""\n'],
    [[null], '\n'],
    [['  trimmed  '], 'trimmed\n'],
  ] as [Scalar[], string][])('%j', (row, text) => expect(written([['s', base.stringType]], [row])).toBe(text));

  it('options', () => {
    const two: Columns = [
      ['a', base.stringType],
      ['b', base.dateType],
    ];
    expect(
      written(
        two,
        [
          ['x', 0],
          [null, null],
        ],
        { sep: '\\t', nullValue: 'NULL', quoteAll: 'true', dateFormat: 'dd/MM/yyyy' },
      ),
    ).toBe('"x"\t"01/01/1970"\nNULL\tNULL\n');
    expect(
      written(two, [[' "x" ', 1]], {
        escape: '"',
        ignoreLeadingWhiteSpace: 'false',
        ignoreTrailingWhiteSpace: 'false',
        lineSep: '\r\n',
      }),
    ).toBe('" ""x"" ",1970-01-02\r\n');
    expect(written([['t', base.timestampType]], [[0n]], { timeZone: 'Asia/Kolkata' })).toBe(
      '1970-01-01T05:30:00.000+05:30\n',
    );
    expect(() => write(two, [], { compression: 'lzo' })).toThrow(/none or gzip/);
    expect(() => write([['a', base.arrayType(base.int32Type)]], [])).toThrow(/column a/);
  });

  it('gzip', async () => {
    const to = join(folder, 'out.csv.gz');
    const rows = Array.from({ length: 60_000 }, (_, i) => [`row number ${i} of many`]);
    expect(write([['a', base.stringType]], rows, { compression: 'gzip', header: 'true' }, to).rows).toBe(60_000);
    expect(gunzipSync(readFileSync(to)).toString().split('\n').length).toBe(60_002);
    expect((await readCsv(to, { header: 'true' }, { heap })).rows).toEqual(rows);
  });
});

describe('many rows', () => {
  const COUNT = 5000;
  let seed = 11;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const digits = (n: number): string =>
    String(1 + random(9)) + Array.from({ length: n - 1 }, () => random(10)).join('');
  const number = (most: number): bigint => BigInt(`${random(3) === 0 ? '-' : ''}${digits(1 + random(most))}`);
  const decimalText = (value: bigint, scale: number): string => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
  };
  const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text);
  const kinds: readonly (readonly [DataType, () => Scalar, (value: never) => string])[] = [
    [base.int64Type, () => number(18), String],
    [base.int64Type, () => BigInt(random(40) - 3), String],
    [base.int32Type, () => Number(number(9)), String],
    [base.int8Type, () => random(256) - 128, String],
    ...[1, 2, 7, 8, 18].map((scale): (typeof kinds)[number] => [
      base.decimalType(18, scale),
      () => number(18),
      (value: bigint) => decimalText(value, scale),
    ]),
    [base.decimalType(9, 2), () => BigInt(random(30)), (value: bigint) => decimalText(value, 2)],
    [base.dateType, () => random(3_652_000) - 719_162, (day: number) => isoDay(day)],
    [base.dateType, () => random(900) - 450, (day: number) => isoDay(day)],
    [base.stringType, () => ['red', 'a,b', 'green and a longer text', 'say "x"'][random(4)] as string, quoted],
    [base.stringType, () => `${digits(1 + random(40))}${['', '', ',', '\n'][random(4)]}${digits(9)}`, quoted],
  ];
  const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

  it.each([0, 7])('are what they print as, with every so many a null: %i', (every) => {
    const rows = Array.from({ length: COUNT }, (_, i) =>
      kinds.map(([, make], k) => (every > 0 && (i + k) % every === 0 ? null : make())),
    );
    const columns = kinds.map(([type], k) => [`c${k}`, type] as const);
    const lines = rows.map((row) =>
      row.map((value, k) => (value === null ? '' : kinds[k]?.[2](value as never))).join(),
    );
    expect(written(columns, rows).split(/\n(?=[-\d,])/)).toEqual(`${lines.join('\n')}\n`.split(/\n(?=[-\d,])/));
  });
});

describe('random tables', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', '\\', ' ', 'é', '𝄞', '#') }),
    fc.string(),
  );
  const columns: Columns = [
    ['s', base.stringType],
    ['i', base.int64Type],
    ['f', base.float64Type],
    ['d', base.decimalType(20, 4)],
    ['t', base.timestampType],
    ['u', base.stringType],
    ['p', base.decimalType(18, 5)],
    ['day', base.dateType],
    ['b', base.int8Type],
  ];
  const row = fc.tuple(
    fc.option(text),
    fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.option(fc.double()),
    fc.option(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n })),
    fc.option(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })),
    fc.option(text),
    fc.option(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n })),
    // From 0001-01-01 to 9999-12-31.
    fc.option(fc.integer({ min: -719_162, max: 2_932_896 })),
    fc.option(fc.integer({ min: -128, max: 127 })),
  );
  const options = {
    header: 'true',
    ignoreLeadingWhiteSpace: 'false',
    ignoreTrailingWhiteSpace: 'false',
    nullValue: 'NULL',
  };
  const usable = (value: Scalar) => value !== 'NULL';

  it('come back as they went out', async () => {
    const schema = structType(columns.map(([name, type]) => field(name, type)));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        fc.pre(rows.every((values) => values.every(usable)));
        write(columns, rows, options);
        const own = await readCsv(path, { header: 'true', nullValue: 'NULL', emptyValue: '' }, { heap, schema });
        expect(own.rows).toEqual(rows.map((values) => values.map((value) => value)));
      }),
      { numRuns: 200 },
    );
  });

  it('are what DuckDB reads', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        // DuckDB reads neither NUL in text nor NaN in this spelling as we do; those are ours to test.
        fc.pre(rows.every((values) => values.every((v) => usable(v) && !(typeof v === 'string' && v.includes('\0')))));
        write(columns, rows, { ...options, escape: '"' });
        const sql = `SELECT s, i, f, d::VARCHAR, epoch_us(t), u, p::VARCHAR, (day - DATE '1970-01-01')::INT, b::INT FROM read_csv('${path}', header = true, nullstr = 'NULL', delim = ',', quote = '"', escape = '"', auto_detect = false, new_line = '\\n',
          columns = {s: 'VARCHAR', i: 'BIGINT', f: 'DOUBLE', d: 'DECIMAL(20,4)', t: 'TIMESTAMPTZ', u: 'VARCHAR', p: 'DECIMAL(18, 5)', day: 'DATE', b: 'TINYINT'})`;
        const got = (await connection.runAndReadAll(sql)).getRows();
        const decimal = (value: Scalar, scale: number) =>
          value === null ? null : base.formatDecimal(value as bigint, scale);
        expect(got).toEqual(
          rows.map(([s, i, f, d, t, u, p, ...rest]) => [s, i, f, decimal(d, 4), t, u, decimal(p, 5), ...rest]),
        );
      }),
      { numRuns: 150 },
    );
    connection.closeSync();
  });
});
