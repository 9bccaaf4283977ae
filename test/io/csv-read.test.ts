import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import * as base from '../../src/base/index.js';
import {
  type DataType,
  field,
  type ReadableFile,
  type Scalar,
  SharedHeap,
  simpleString,
  structType,
} from '../../src/base/index.js';
import { recordStartNear } from '../../src/io/csv/boundaries.js';
import { csvFormat } from '../../src/io/csv/index.js';
import { readOptions } from '../../src/io/csv/options.js';
import type { CsvSplit } from '../../src/io/csv/split.js';
import { TextIndex } from '../../src/io/csv/text-index.js';
import { platform, readCsv, rowsOf, taskContext } from './support/csv.js';
import { type ModelOptions, modelRecords } from './support/csv-model.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-csv-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const heap = SharedHeap.create(2 ** 29);
let files = 0;
const fileOf = (content: string | Uint8Array, name = `${files++}.csv`): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const schemaOf = (types: Record<string, DataType>) =>
  structType(Object.entries(types).map(([name, type]) => field(name, type)));
const read = async (
  content: string | Uint8Array,
  options: Record<string, string> = {},
  types?: Record<string, DataType>,
) => (await readCsv(fileOf(content), options, { heap, ...(types ? { schema: schemaOf(types) } : {}) })).rows;

/** Records of a text that comes in pieces of the sizes given, then all the rest. */
function records(
  text: string,
  options: Record<string, string>,
  sizes: readonly number[],
  width = 8,
  ragged: boolean[] = [],
): (string | null)[][] {
  const arena = heap.newArena('test');
  try {
    const bytes = Buffer.from(text, 'utf8');
    const index = new TextIndex(arena, readOptions(options).dialect, { width, fields: width }, 64);
    const out: (string | null)[][] = [];
    const take = () => {
      while (index.next(3)) {
        for (let row = 0; row < index.rows; row++) {
          out.push(Array.from({ length: index.fieldCount(row) }, (_, column) => index.fieldText(row, column)));
          ragged.push(index.isRagged(row));
        }
      }
    };
    let at = 0;
    for (let turn = 0; at < bytes.length; turn++) {
      const { address, bytes: room } = index.room();
      const length = Math.min(room, bytes.length - at, sizes[turn] ?? bytes.length);
      heap.u8.set(bytes.subarray(at, at + length), address);
      at += length;
      index.added(length, at === bytes.length);
      take();
    }
    expect(index.pending).toBe(0);
    return out;
  } finally {
    arena.release();
  }
}

describe('records of CSV text', () => {
  const modelOptions: [string, Record<string, string>, ModelOptions][] = [
    ['by default', {}, {}],
    ['with quotes that escape themselves', { escape: '"' }, { escape: '"' }],
    ['where lines are records', { multiLine: 'false' }, { lineMode: true }],
    ['with comments and another delimiter', { comment: '#', sep: '||' }, { comment: '#', delimiter: '||' }],
  ];
  it.each(modelOptions)('are those of a plain reading, however the text is cut: %s', (_, options, model) => {
    const piece = fc.constantFrom(
      'a',
      'bc',
      ',',
      ',',
      '"',
      '"',
      '""',
      '\n',
      '\r',
      '\r\n',
      '\\',
      ' ',
      '\t',
      'é',
      '#',
      '|',
      '||',
      'long text of more than sixteen bytes',
    );
    // Long runs of plain fields too: the scanner looks at 64 bytes together.
    const plain = fc
      .array(fc.constantFrom('a', '12', ',', 'x,yz', ',,', 'a longer field,', '1.5,7'), {
        minLength: 40,
        maxLength: 80,
      })
      .map((parts) => parts.join(''));
    const pieces = fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: plain });
    const texts = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 80 }), (text, sizes) => {
        const expected = modelRecords(text, model);
        const ragged: boolean[] = [];
        const found = records(text, options, sizes, 8, ragged);
        expect(found).toEqual(expected.map((record) => record.slice(0, 8)));
        expect(ragged).toEqual(expected.map(({ length }) => length !== 8));
      }),
      { numRuns: 1500 },
    );
  });

  it('are the same whatever byte the text is cut at', () => {
    const text = 'a,"b ""x"" \r\n c",d\r\n\r\n"é\\"",\\,"" \n1,2,"3\n4"\r5,,\n"open, \n';
    const expected = modelRecords(text);
    for (let cut = 1; cut < Buffer.byteLength(text); cut++) expect(records(text, {}, [cut])).toEqual(expected);
    expect(records(text, {}, new Array(100).fill(1))).toEqual(expected);
  });
});

describe('fields', () => {
  const two = { a: base.stringType, b: base.stringType };

  it.each([
    [
      'quotes, doubled quotes and line breaks',
      '"a,1","say ""hi"""\n"x\r\ny",z\n',
      [
        ['a,1', 'say "hi"'],
        ['x\r\ny', 'z'],
      ],
    ],
    ['quotes escaped by backslashes, as Spark writes them', '"a\\"b","c\\\\"\n', [['a"b', 'c\\']]],
    ['backslashes outside of quotes', 'C:\\x,"a\\b"\n', [['C:\\x', 'a\\b']]],
    ['text behind a closing quote: the field as it stands', '"a"b,"c"\n', [['"a"b', 'c']]],
    ['blanks behind a closing quote', '"a" ,"b"\t\n', [['a', 'b']]],
    ['quotes within a field', 'a "b" c,5"\n', [['a "b" c', '5"']]],
    [
      'CR, LF and CRLF',
      'a,b\rc,d\ne,f\r\ng,h',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
        ['g', 'h'],
      ],
    ],
    [
      'empty lines and lines of blanks',
      '\n\na,b\n   \n\t\r\n\nc,d\n\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'empty fields, quoted or not: null',
      'a,\n"",b\n',
      [
        ['a', null],
        [null, 'b'],
      ],
    ],
    [
      'too few and too many fields',
      'a\nb,c,d\n',
      [
        ['a', null],
        ['b', 'c'],
      ],
    ],
    ['a byte order mark', '\ufeffa,b\n', [['a', 'b']]],
    ['no line break at the end', 'a,b', [['a', 'b']]],
    ['a quote never closed', 'a,"b\nc', [['a', '"b\nc']]],
    ['nothing', '', []],
  ] as [string, string, Scalar[][]][])('%s', async (_, text, rows) => expect(await read(text, {}, two)).toEqual(rows));

  it('options decide what separates, quotes, trims and stands for null', async () => {
    expect(
      await read(
        "'a;1'; x \n'it''s';NULL\n",
        { sep: ';', quote: "'", nullValue: 'NULL', ignoreLeadingWhiteSpace: 'true', ignoreTrailingWhiteSpace: 'true' },
        two,
      ),
    ).toEqual([
      ['a;1', 'x'],
      ["it's", null],
    ]);
    expect(await read('a\\tb\n', { sep: '\\t' }, { a: base.stringType })).toEqual([['a\\tb']]);
    expect(await read('a\tb\n', { sep: '\\t' }, two)).toEqual([['a', 'b']]);
    expect(await read('"",\n', { emptyValue: 'EMPTY', nullValue: '-' }, two)).toEqual([['EMPTY', null]]);
    expect(await read('a,b;c,d', { lineSep: ';' }, two)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(await read('"a,b\n', { quote: '' }, two)).toEqual([['"a', 'b']]);
    expect(await read('"a\nb",c\n', { multiLine: 'false' }, two)).toEqual([
      ['"a', null],
      ['b"', 'c'],
    ]);
  });

  it('invalid UTF-8 becomes U+FFFD', async () => {
    const bytes = Buffer.concat([Buffer.from('a,'), Buffer.from([0xff, 0x62, 0xe2, 0x82]), Buffer.from('\né,€\n')]);
    expect(await read(bytes, {}, two)).toEqual([
      ['a', '\ufffdb\ufffd'],
      ['é', '€'],
    ]);
  });

  it('other encodings and compressed files', async () => {
    expect(await read(Buffer.from('é,b\n', 'latin1'), { encoding: 'ISO-8859-1' }, two)).toEqual([['é', 'b']]);
    expect(await read(Buffer.from('\ufeffé,b\n', 'utf16le'), { encoding: 'UTF-16LE' }, two)).toEqual([['é', 'b']]);
    const path = fileOf(gzipSync(`x,y\n${'a,b\n'.repeat(100_000)}`), 'packed.csv.gz');
    const table = await readCsv(path, { header: 'true' }, { heap });
    expect([table.rows.length, table.rows.at(-1), table.splits]).toEqual([100_000, ['a', 'b'], 1]);
    await expect(readCsv(fileOf('no gzip', 'broken.csv.gz'), {}, { heap })).rejects.toMatchObject({
      code: 'FAILED_READ_FILE',
    });
  });
});

describe('typed columns', () => {
  it.each([
    [base.int32Type, ['0', '-7', '+12', '007', '2147483647', '-2147483648'], [0, -7, 12, 7, 2147483647, -2147483648]],
    [base.int8Type, ['-128', '127', '128'], [-128, 127, null]],
    [
      base.int64Type,
      ['9223372036854775807', '-9223372036854775808', '9223372036854775808', '123456789012345678'],
      [2n ** 63n - 1n, -(2n ** 63n), null, 123456789012345678n],
    ],
    [
      base.float64Type,
      ['1.5', '-0', '.5', '5.', '1e3', 'NaN', 'Inf', '-Inf', '0.1234567890123456789', '.', 'x'],
      [
        1.5,
        -0,
        0.5,
        5,
        1000,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0.12345678901234568,
        null,
        null,
      ],
    ],
    [base.float32Type, ['0.1', '16777217', '3.4028235e38'], [Math.fround(0.1), 16777216, 3.4028234663852886e38]],
    [
      base.decimalType(5, 2),
      ['1', '-1.5', '123.45', '1.005', '999.995', '1000', '1e2', '.01'],
      [100n, -150n, 12345n, 101n, null, null, 10000n, 1n],
    ],
    [base.decimalType(38, 3), ['1.5', '12345678901234567890.123'], [1500n, 12345678901234567890123n]],
    [base.booleanType, ['true', 'FALSE', 'True', 'yes', '1', 'tru'], [true, false, true, null, null, null]],
    [
      base.dateType,
      ['1970-01-02', '2000-02-29', '1900-02-29', '0001-01-01', '2024-13-01', '2024-1-5'],
      [1, 11016, null, -719162, null, 19727],
    ],
    [
      base.timestampType,
      [
        '1970-01-01 00:00:01',
        '1970-01-01T00:00:00.5',
        '1970-01-02',
        '1970-01-01 00:00:00Z',
        '1970-01-01T00:00:00.000001Z',
        '1970-01-01Z',
        '1970-01-01 00:00:00 Z',
        '1970-01-01 01:00:00+01:00',
        '1970-01-01 24:00:00',
      ],
      [1_000_000n, 500_000n, 86_400_000_000n, 0n, 1n, null, 0n, 0n, null],
    ],
    [base.timestampNtzType, ['1969-12-31 23:59:59.999999'], [-1n]],
    [base.timeType, ['01:00:00'], [3_600_000_000n]],
  ] as [DataType, string[], Scalar[]][])('%j', async (type, texts, values) => {
    expect((await read(texts.join('\n'), {}, { a: type })).map(([value]) => value)).toEqual(values);
  });

  it('numbers and days read as they are printed', async () => {
    const row = fc.tuple(
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }),
      fc.integer({ min: -100_000, max: 100_000 }),
      fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
    );
    const types = [
      base.int32Type,
      base.int64Type,
      base.float64Type,
      base.dateType,
      base.decimalType(18, 5),
      base.float32Type,
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        const text = rows
          .map((values) => values.map((value, i) => base.formatScalar(types[i] as DataType, value, 'UTC')).join(','))
          .join('\n');
        const named = Object.fromEntries(types.map((type, i) => [`c${i}`, type]));
        expect(await read(text, {}, named)).toEqual(rows);
      }),
      { numRuns: 100 },
    );
  });

  it('time zones and formats', async () => {
    const at = async (text: string, options: Record<string, string>, type: DataType = base.timestampType) =>
      (await read(text, options, { a: type }))[0]?.[0];
    expect(await at('2024-07-01 12:00:00', { timeZone: 'Europe/Berlin' })).toBe(
      BigInt(Date.UTC(2024, 6, 1, 10)) * 1000n,
    );
    expect(await at('01/07/2024 12:30', { timestampFormat: 'dd/MM/yyyy HH:mm' })).toBe(
      BigInt(Date.UTC(2024, 6, 1, 12, 30)) * 1000n,
    );
    expect(await at('5-Mar-2024', { dateFormat: 'd-MMM-yyyy' }, base.dateType)).toBe(19787);
    await expect(at('x', { dateFormat: 'QQQ' }, base.dateType)).rejects.toMatchObject({
      code: 'INVALID_DATETIME_PATTERN',
    });
  });
});

describe('malformed records', () => {
  const text = 'a,b\n1,x\nfoo,y\n2\n3,z,more\n4,w\n';
  const types = { a: base.int32Type, b: base.stringType };
  const header = { header: 'true' };

  it('PERMISSIVE reads what it can, and keeps the record where a column is there for it', async () => {
    expect(await read(text, header, types)).toEqual([
      [1, 'x'],
      [null, 'y'],
      [2, null],
      [3, 'z'],
      [4, 'w'],
    ]);
    expect(await read(text, header, { ...types, _corrupt_record: base.stringType })).toEqual([
      [1, 'x', null],
      [null, 'y', 'foo,y'],
      [2, null, '2'],
      [3, 'z', '3,z,more'],
      [4, 'w', null],
    ]);
  });

  it('DROPMALFORMED leaves them out', async () => {
    expect(await read(text, { ...header, mode: 'dropmalformed' }, types)).toEqual([
      [1, 'x'],
      [4, 'w'],
    ]);
  });

  it('FAILFAST names file, line, column and value', async () => {
    const failing = read(text.replace('2\n3,z,more\n', ''), { ...header, mode: 'FAILFAST' }, types);
    await expect(failing).rejects.toMatchObject({
      code: 'MALFORMED_RECORD_IN_PARSING',
      where: expect.stringMatching(/line 3, column a$/),
    });
    await expect(read('a\n"x', { ...header, mode: 'FAILFAST' }, { a: base.stringType })).rejects.toThrow(
      /never closed/,
    );
  });
});

describe('schemas', () => {
  const infer = async (lines: string, options: Record<string, string> = {}) => {
    const table = await readCsv(fileOf(lines), { inferSchema: 'true', ...options }, { heap });
    return table.types.map(simpleString);
  };

  it.each([
    ['1\n007\n-5', 'int'],
    ['1\n3000000000', 'bigint'],
    ['1\n99999999999999999999', 'decimal(20,0)'],
    ['1\n1.5', 'double'],
    ['1\n1e5\nNaN', 'double'],
    ['true\nFALSE', 'boolean'],
    ['true\n1', 'string'],
    ['2024-01-01\n2024-02-01', 'date'],
    ['2024-01-01\n2024-02-01 10:00:00', 'timestamp'],
    ['2024-01-01 10:00:00\n2024-02-01', 'timestamp'],
    ['2024-01-01\n5', 'string'],
    ['1\n\nx', 'string'],
    ['""\n""', 'string'],
    ['nan', 'string'],
    [' 1', 'double'],
  ])('%j is inferred as %s', async (lines, type) => expect(await infer(lines)).toEqual([type]));

  it('follows options', async () => {
    expect(await infer('2024-01-01', { preferDate: 'false' })).toEqual(['timestamp']);
    expect(await infer('1.25\n12.5', { prefersDecimal: 'true' })).toEqual(['decimal(4,2)']);
    expect(await infer('2024-01-01 10:00:00', { timestampType: 'ntz' })).toEqual(['timestamp_ntz']);
    expect(await infer('-\n5', { nullValue: '-' })).toEqual(['int']);
  });

  it('names columns by position or header, as Spark does', async () => {
    const names = async (text: string, options = {}) =>
      (await readCsv(fileOf(text), options, { heap })).schema.fields.map((f) => f.name);
    expect(await names('x,y\n1,2')).toEqual(['_c0', '_c1']);
    expect(await names('\n# no\nx,,x,"a b"\n1,2,3,4', { header: 'true', comment: '#' })).toEqual([
      'x0',
      '_c1',
      'x2',
      'a b',
    ]);
  });

  it('reads several files with a header each, and the values of Hive directories', async () => {
    const { mkdirSync } = await import('node:fs');
    for (const year of ['2023', '2024']) {
      mkdirSync(join(folder, 'parts', `year=${year}`), { recursive: true });
      writeFileSync(join(folder, 'parts', `year=${year}`, 'data.csv'), `a,b\n${year}1,x\n`);
    }
    const table = await readCsv(join(folder, 'parts'), { header: 'true', inferSchema: 'true' }, { heap });
    expect([simpleString(table.schema), table.rows]).toEqual([
      'struct<a:int,b:string,year:int>',
      [
        [20231, 'x', 2023],
        [20241, 'x', 2024],
      ],
    ]);
    expect((await readCsv(join(folder, 'parts'), { header: 'true' }, { heap, columns: ['year', 'b'] })).rows).toEqual([
      [2023, 'x'],
      [2024, 'x'],
    ]);
    expect((await readCsv(join(folder, 'parts'), { header: 'true' }, { heap, columns: [] })).rows).toEqual([[], []]);
  });

  it('refuses unknown options and impossible values by name', async () => {
    await expect(read('a', { headr: 'true' })).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      candidates: expect.arrayContaining(['header']),
    });
    await expect(read('a', { mode: 'X' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(read('a', { quote: 'ab' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(read('b\n', { header: 'true', enforceSchema: 'false' }, { a: base.stringType })).rejects.toMatchObject(
      { code: 'CSV_HEADER_MISMATCH' },
    );
    await expect(read('b\n', {}, { a: base.arrayType(base.int32Type) })).rejects.toMatchObject({
      code: 'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
    });
  });
});

describe('splits', () => {
  const memoryFile = (bytes: Uint8Array): ReadableFile => ({
    path: 'memory',
    size: bytes.length,
    modifiedMs: 0,
    readInto: (target, position, length) => target.set(bytes.subarray(position, position + length)),
    close: () => undefined,
  });

  it('begin where a record does, from whatever byte a range starts at', () => {
    const value = fc.constantFrom('a', 'bb', 'x,y', 'say ""hi""', 'two\nlines', 'l\r\nl', '""', ',"",', '');
    const fields = fc
      .tuple(value, fc.boolean())
      .map(([text, quoted]) => (quoted || /[",\r\n]/.test(text) ? `"${text}"` : text));
    const lines = fc.array(fc.array(fields, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 30 });
    const { dialect } = readOptions({ escape: '"' });
    let told = 0;
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (rows, newline) => {
        const parts = rows.map((row) => row.join(',') + newline);
        const starts = new Set<number>();
        let at = 0;
        for (const part of parts) {
          starts.add(at);
          at += Buffer.byteLength(part);
        }
        const file = memoryFile(Buffer.from(parts.join('')));
        for (let position = 1; position < file.size; position++) {
          const start = recordStartNear(file, position, dialect);
          if (start === undefined) continue;
          told++;
          expect(starts.has(start)).toBe(true);
          expect(start).toBeGreaterThanOrEqual(position);
        }
      }),
      { numRuns: 150 },
    );
    expect(told).toBeGreaterThan(1000);
  });

  /** Reads a file as two splits cut at a byte. */
  async function readCut(path: string, cut: number, options: Record<string, string>): Promise<Scalar[][]> {
    const table = await csvFormat.open({ format: 'csv', paths: [path], options }, platform);
    const columns = table.schema.fields.map((f) => f.name);
    const [whole] = (await table.plan({ columns })).splits;
    const payload = whole?.payload as CsvSplit;
    const rows: Scalar[][] = [];
    const context = taskContext(heap);
    try {
      for (const [start, end] of [
        [0, cut],
        [cut, payload.end],
      ] as const) {
        const split = {
          format: 'csv',
          label: 'part',
          payload: { ...payload, start, end, header: payload.header && start === 0 },
        };
        for await (const batch of csvFormat.reader.read(split, { columns }, context)) rows.push(...rowsOf(heap, batch));
      }
    } finally {
      context.arena.release();
    }
    return rows;
  }

  it('give the rows of the whole, or an error where a quoted field was cut', async () => {
    const parts = ['h,i\n', '1,"a\nb"\n', '2,"x ""y"" \n,z"\n', '3,c\n'];
    const text = parts.join('');
    const path = fileOf(text);
    const whole = (await readCsv(path, { header: 'true' }, { heap })).rows;
    const starts = parts.map((_, i) => parts.slice(0, i).join('').length);
    for (let cut = 4; cut < text.length - 1; cut++) {
      if (starts.includes(cut)) expect(await readCut(path, cut, { header: 'true' })).toEqual(whole);
      else if (text[cut - 1] === '\n')
        await expect(readCut(path, cut, { header: 'true' })).rejects.toThrow(/quoted field goes across/);
    }
  });

  it('are made of long files, and together are the file', async () => {
    const line = (i: number) => `${i},"text ${i}, quoted${i % 10 === 0 ? '\nwith a second line' : ''}",${i / 4}\n`;
    const parts: string[] = ['id,text,quarter\n'];
    for (let i = 0; i < 900_000; i++) parts.push(line(i));
    const path = fileOf(parts.join(''), 'long.csv');
    const options = { header: 'true', inferSchema: 'true' };
    const table = await csvFormat.open({ format: 'csv', paths: [path], options }, platform);
    expect(simpleString(table.schema)).toBe('struct<id:int,text:string,quarter:double>');
    const { splits } = await table.plan({ columns: ['id', 'quarter'] });
    expect(splits.length).toBeGreaterThan(1);
    let next = 0;
    for (const split of splits) {
      const context = taskContext(heap);
      for await (const batch of csvFormat.reader.read(split, { columns: ['id', 'quarter'] }, context)) {
        const [ids, quarters] = batch.columns.map((column) => base.readColumn(heap, column)) as [number[], number[]];
        for (let i = 0; i < batch.rows; i++, next++)
          if (ids[i] !== next || quarters[i] !== next / 4) throw new Error(`row ${next} is ${ids[i]}, ${quarters[i]}`);
      }
      context.arena.release();
    }
    expect(next).toBe(900_000);
    expect(
      (
        await (
          await csvFormat.open({ format: 'csv', paths: [path], options: { ...options, multiLine: 'true' } }, platform)
        ).plan({ columns: [] })
      ).splits.length,
    ).toBe(1);
  });

  it('refuse a file that was changed since', async () => {
    const path = fileOf('a,b\n');
    const table = await csvFormat.open({ format: 'csv', paths: [path], options: {} }, platform);
    const { splits } = await table.plan({ columns: ['_c0'] });
    writeFileSync(path, 'a,b\nc,d\n');
    const reading = async () => {
      for await (const _ of csvFormat.reader.read(splits[0] as never, { columns: ['_c0'] }, taskContext(heap)));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});
