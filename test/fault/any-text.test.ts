// Promise R19: any text is data, and any name a column. The list of naughty strings where the corpora are, else some like them.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tell } from './harness.js';

const own = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length', 'valueOf', 'prototype', '$&', '~'],
  ...['', ' ', '\t', '\n', '\r\n', '"', "'", '`', '``', '\\', ';', ',', 'a,b', 'a.b', '`a`.b', '*', '%s', '{}', '[0]'],
  ...['null', 'NULL', 'undefined', 'true', 'NaN', '-0', '1e309', '0x1', '=1+1', '@x', '-- drop', "'; DROP TABLE t; --"],
  ...[
    '\u0000',
    '\ufeff',
    '\u2028',
    '\u202e',
    'ÅÍÎÏ',
    '田中さん',
    '😍',
    '👩‍👩‍👧',
    'ﷺ',
    '$'.concat('{7*7}'),
    '<script>',
    '../../etc/passwd',
  ],
];
const list = join(process.env.SPARROW_CORPORA ?? '', 'blns', 'blns.json');
const known: readonly string[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
const texts = [...new Set([...own, ...known])];
/** Columns of one name but for case are one column; objects have keys like `0` first. */
const different = new Map(texts.filter((text) => text !== '').map((text) => [text.toLowerCase(), text]));
const isIndex = (name: string): boolean => /^(0|[1-9]\d{0,8})$/.test(name);
const names = [...different.values()].sort((a, b) => Number(isIndex(b)) - Number(isIndex(a)));
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

const folder = mkdtempSync(join(tmpdir(), 'sparrow-any-text-'));
let session: Session;
let before: string;
const prototypes = (): string =>
  [Object, Array, Map, Function].map((one) => Reflect.ownKeys(one.prototype).map(String).join()).join('\n');

beforeAll(async () => {
  before = prototypes();
  session = (await Session.create({ workers: 2 })) as Session;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const formats = ['parquet', 'csv', 'json', 'arrow', 'delta'] as const;
const options: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // As Spark's writer does, ours cuts blanks off unless it is told not to.
  csv: {
    header: 'true',
    multiLine: 'true',
    escape: '"',
    // Else an empty text is no other than none.
    nullValue: '(none)',
    ignoreLeadingWhiteSpace: 'false',
    ignoreTrailingWhiteSpace: 'false',
  },
};

async function again(frame: DataFrame, format: string, name: string): Promise<DataFrame> {
  const path = join(folder, `${name}-${format}`);
  const given = options[format] ?? {};
  await frame.write.format(format).options(given).save(path);
  return session.read.format(format).options(given).load(path) as unknown as DataFrame;
}

describe('values', () => {
  const frame = (): DataFrame =>
    session.createDataFrame(texts.map((text, id) => ({ id, text }))) as unknown as DataFrame;

  test.each(formats)('%s gives back what was written', async (format) => {
    const back = await (await again(frame(), format, 'values')).orderBy(col('id').cast('int')).collect();
    expect(back.map((row) => (row as { text: string | null }).text)).toEqual(texts);
  });

  test('each is found by itself, grouped, joined and sorted as the text that it is', async () => {
    const all = frame();
    const counts = await all.groupBy('text').agg(fn.count().as('n'), fn.max('id').as('id')).collect();
    expect(new Map(counts.map((row) => [row.text, row.id]))).toEqual(new Map(texts.map((text, id) => [text, id])));
    const joined = await all
      .alias('a')
      .join(all.alias('b'), col('a.text').eq(col('b.text')))
      .count();
    expect(joined).toBe(texts.length);
    await all.createOrReplaceTempView('all_texts');
    const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
    const sorted = (await all.orderBy('text').collect()).map((row) => row.text as string);
    expect(sorted).toEqual([...texts].sort((a, b) => Buffer.compare(bytes(a), bytes(b))));
    for (const [id, text] of texts.entries()) {
      if (id % 7 > 0) continue;
      const found = await session.sql('SELECT id FROM all_texts WHERE text = :text', { text }).collect();
      expect(found, JSON.stringify(text)).toEqual([{ id }]);
    }
  });
});

describe('names', () => {
  const row = (): Record<string, number> => {
    const one = Object.create(null) as Record<string, number>;
    for (const [i, name] of names.entries()) one[name] = i;
    return one;
  };
  const wide = (): DataFrame => session.createDataFrame([row()]) as unknown as DataFrame;
  const valuesOf = (given: object): unknown[] => names.map((name) => (given as Record<string, unknown>)[name]);
  const numbers = names.map((_, i) => i);

  test('columns are called anything', async () => {
    const frame = wide();
    expect(await frame.columns()).toEqual(names);
    const [only] = await frame.collect();
    expect(Object.keys(only as object).sort()).toEqual([...names].sort());
    expect(valuesOf(only as object)).toEqual(numbers);
    tell(`${texts.length} texts, ${names.length} names`);
  });

  test.each(formats)('%s keeps them', async (format) => {
    const kept = format === 'delta' ? names.filter((name) => !/[ ,;{}()\n\t=]/.test(name)) : names;
    const frame = wide().select(...kept.map((name) => col(quoted(name))));
    const back = await again(frame as unknown as DataFrame, format, 'names');
    // JSON has them in order of name.
    expect([...(await back.columns())].sort()).toEqual([...kept].sort());
    const [only] = await back.collect();
    expect(kept.map((name) => Number((only as Record<string, unknown>)[name]))).toEqual(
      kept.map((name) => names.indexOf(name)),
    );
  });

  test('every verb takes them', { timeout: 120_000 }, async () => {
    const frame = wide();
    for (const [i, name] of names.entries()) {
      if (i % 11 > 0) continue;
      const column = col(quoted(name));
      const one = frame.select(column) as unknown as DataFrame;
      const said = `name ${JSON.stringify(name)}`;
      const value = async (of: DataFrame): Promise<unknown> => Object.values((await of.collect())[0] as object)[0];
      expect(await value(one.filter(column.eq(i)) as unknown as DataFrame), said).toBe(i);
      expect(await value(one.orderBy(column) as unknown as DataFrame), said).toBe(i);
      expect(await value(one.groupBy(column).agg(fn.max(column).as('most')) as unknown as DataFrame), said).toBe(i);
      expect(await value(one.withColumn(name, column.add(1)) as unknown as DataFrame), said).toBe(i + 1);
      expect(await (one.withColumnRenamed(name, 'x') as unknown as DataFrame).columns(), said).toEqual(['x']);
      const renamed = session.range(1).withColumnRenamed('id', name) as unknown as DataFrame;
      expect(await renamed.columns(), said).toEqual([name]);
      expect(await value(one.selectExpr(`${quoted(name)} + 1 AS y`) as unknown as DataFrame), said).toBe(i + 1);
    }
  });
});

test('nothing of it became code or changed what objects are made of', () => {
  expect(prototypes()).toBe(before);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
