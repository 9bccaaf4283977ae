import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-detect-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
async function read(text: string): Promise<unknown[]> {
  const path = join(folder, `f${files++}.csv`);
  writeFileSync(path, text);
  return session.read.csv(path, { sep: 'auto', header: 'auto', inferSchema: true }).collect();
}

test('delimiters', async () => {
  const expected = [
    { id: 1, name: 'a, b' },
    { id: 2, name: 'c' },
  ];
  for (const sep of ['\t', ';', '|', '^', '~'])
    expect(await read(`id${sep}name\n1${sep}a, b\n2${sep}c\n`)).toEqual(expected);
  expect(await read('id,name\n1,"a, b"\n2,c\n')).toEqual(expected);
  expect(await read('one\ntwo words\n')).toEqual([{ one: 'two words' }]);
});

test('headers', async () => {
  expect(await read('1,x\n2,y\n')).toEqual([
    { _c0: 1, _c1: 'x' },
    { _c0: 2, _c1: 'y' },
  ]);
  expect(await read('when,what\n2024-01-01,x\n')).toEqual([{ when: new Date('2024-01-01'), what: 'x' }]);
  // Where all is text, the first record is taken for a header.
  expect(await read('a,b\nx,y\n')).toEqual([{ a: 'x', b: 'y' }]);
  // A text over a column that is otherwise empty, too, as DuckDB has it.
  expect(await read('8,note\n1,\n2,\n')).toEqual([
    { 8: 1, note: null },
    { 8: 2, note: null },
  ]);
  expect(await read('8,note\n1,\n2,x\n')).toEqual([
    { _c0: 8, _c1: 'note' },
    { _c0: 1, _c1: null },
    { _c0: 2, _c1: 'x' },
  ]);
});

/** Everything is found out. */
const auto = {
  sep: 'auto',
  quote: 'auto',
  comment: 'auto',
  skipRows: 'auto',
  header: 'auto',
  dateFormat: 'auto',
  ignoreLeadingWhiteSpace: 'auto',
  inferSchema: true,
};

async function readWith(text: string, options: Readonly<Record<string, string | boolean>>): Promise<unknown[]> {
  const path = join(folder, `f${files++}.csv`);
  writeFileSync(path, text);
  return session.read.csv(path, options).collect();
}

test('comments within lines', async () => {
  const text = '# all\na;b#12;#\n1;x#5;7\n  # blanks before\n3;"y#"#z\r\n';
  const expected = [
    { a: 1, b: 'x' },
    { a: 3, b: 'y#' },
  ];
  expect(await readWith(text, auto)).toEqual(expected);
  const given = { sep: ';', comment: '#', inlineComments: true, header: true, inferSchema: true };
  expect(await readWith(text, given)).toEqual(expected);
  // Unless it is asked for, a # within a line is text.
  expect(await readWith('a;b\n1;x#5\n', { sep: ';', comment: '#', header: true })).toEqual([{ a: '1', b: 'x#5' }]);
  expect(await readWith('a;b\n1;x#5\n2;#;3\n', auto)).toEqual([{ _c0: 2, _c1: '#', _c2: 3 }]);
});

test('comments within lines, behind every length of value and delimiters of two bytes', async () => {
  for (let length = 0; length < 40; length++) {
    const value = 'v'.repeat(length);
    const text = `a::b\n${value}::${value}# no ::\n1::2`;
    const rows = await readWith(text, { sep: '::', comment: '#', inlineComments: true, header: true });
    const cell = value === '' ? null : value;
    const first = { a: cell, b: cell };
    expect(rows).toEqual([first, { a: '1', b: '2' }]);
  }
});

test('leading zeros are kept if asked', async () => {
  const text = 'zip,n\n5,0\n08123,10\n';
  expect(await readWith(text, { header: true, inferSchema: true })).toEqual([
    { zip: 5, n: 0 },
    { zip: 8123, n: 10 },
  ]);
  expect(await readWith(text, { header: true, inferSchema: true, keepLeadingZeros: true })).toEqual([
    { zip: '5', n: 0 },
    { zip: '08123', n: 10 },
  ]);
});

test('what casts trim is no number to inference', async () => {
  expect(await readWith('2\x7f,3\n', { inferSchema: true })).toEqual([{ _c0: '2\x7f', _c1: 3 }]);
});

test('years of two digits', async () => {
  const rows = await readWith('a,b\n31-01-90,31-01-90 12:15:00\n13-12-04,13-12-04 01:02:03\n', auto);
  expect(rows).toEqual([
    { a: new Date('1990-01-31'), b: new Date('1990-01-31T12:15:00Z') },
    { a: new Date('2004-12-13'), b: new Date('2004-12-13T01:02:03Z') },
  ]);
  // Dates as in ISO 8601 do not keep timestamps from having a format.
  expect(await readWith('a,b\n2000-01-01,1/2/2003 4:05\n', { ...auto, header: true })).toEqual([
    { a: new Date('2000-01-01'), b: new Date('2003-02-01T04:05:00Z') },
  ]);
  // Twelve hours go with the month or the day first: otherwise it is text, as for DuckDB and Spark.
  expect(await readWith('a,b\n2/3/2003 1:00:00 PM,2003/2/3 1:00:00 PM\n', { ...auto, header: true })).toEqual([
    { a: new Date('2003-03-02T13:00:00Z'), b: '2003/2/3 1:00:00 PM' },
  ]);
  // In a format that is given they are of this century, as in Java.
  const given = { dateFormat: 'dd-MM-yy', inferSchema: true };
  expect(await readWith('31-01-90\n', given)).toEqual([{ _c0: new Date('2090-01-31') }]);
});

test('records that end with a delimiter', async () => {
  expect(await readWith('c1,c2\n1,2,\n3,4,\n', auto)).toEqual([
    { c1: 1, c2: 2 },
    { c1: 3, c2: 4 },
  ]);
  expect(await readWith('c1,c2\n1,2,\n3,4,5\n', auto)).toEqual([
    { _c0: 1, _c1: 2, _c2: null },
    { _c0: 3, _c1: 4, _c2: 5 },
  ]);
});

test('blanks beside quotes', async () => {
  expect(await readWith('"Year", "Title"\n1968,  "Greetings"\n1970,  "Hi, Mom!"\n', auto)).toEqual([
    { Year: 1968, Title: 'Greetings' },
    { Year: 1970, Title: 'Hi, Mom!' },
  ]);
  expect(await readWith('a,b\n"onions"  ,","\n', auto)).toEqual([{ a: 'onions', b: ',' }]);
});

test('names that all records repeat are none', async () => {
  const row = { _c0: 'x', _c1: 'y' };
  expect(await readWith('x,y\nx,y\nx,y\n', auto)).toEqual([row, row, row]);
});
