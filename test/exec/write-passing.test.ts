// Batches that a write takes as they lie: codes of dictionaries, narrow integers, nulls, chosen and repeated columns.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROWS = 5000;
const COLORS = ['red', '', 'a,b', 'green and quite a long text', null];
const schema = { id: t.int64, small: t.int32, color: t.string, price: t.decimal(9, 2), day: t.date, flag: t.boolean };
const rows = Array.from({ length: ROWS }, (_, i) => ({
  id: i * 1_000_003,
  small: i % 7 === 0 ? null : (i % 11) - 5,
  color: COLORS[i % 5] as string | null,
  price: `${(i * 37) % 1000}.${String(i % 100).padStart(2, '0')}`,
  day: new Date((i % 400) * 86_400_000),
  flag: i % 3 === 0 ? null : i % 2 === 0,
}));

let folder = '';
let session: Session;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-write-passing-'));
  session = await Session.create({ workers: 1 });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cached = async () => {
  const frame = session.createDataFrame(rows, schema).cache();
  await frame.count();
  return frame;
};

describe('a write of what a cache holds', () => {
  it('is the text of its rows', async () => {
    const path = join(folder, 'csv');
    await (await cached())
      .selectExpr('color', 'id', 'small', 'price', 'day', 'id AS again', 'flag')
      .coalesce(1)
      .write.csv(path);
    const lines = readdirSync(path)
      .filter((name) => name.endsWith('.csv'))
      .sort()
      .flatMap((name) => readFileSync(join(path, name), 'utf8').trimEnd().split('\n'));
    const color = (text: string | null): string =>
      text === null ? '' : text === '' ? '""' : text === 'a,b' ? '"a,b"' : text;
    const want = rows.map(({ id, small, price, day, flag, color: text }) =>
      [color(text), id, small ?? '', price, day.toISOString().slice(0, 10), id, flag ?? ''].join(),
    );
    expect(lines).toEqual(want);
  });

  it.each(['parquet', 'json', 'arrow'] as const)('comes back: %s', async (format) => {
    const path = join(folder, format);
    await (await cached()).write.format(format).save(path);
    expect(await session.read.schema(schema).format(format).load(path).collect()).toEqual(rows);
  });

  it('is what stands behind the rows that an offset leaves out', async () => {
    const path = join(folder, 'offset');
    await (await cached()).offset(4000).write.parquet(path);
    expect(await session.read.parquet(path).collect()).toEqual(rows.slice(4000));
  });
});
