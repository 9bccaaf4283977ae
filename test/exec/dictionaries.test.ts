import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { expect, test } from 'vitest';

test('rows of many files have the texts of their own files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-dictionaries-'));
  const session = await Session.create({ workers: 1 });
  try {
    const files = Array.from({ length: 12 }, (_, i) => i);
    for (const i of files) {
      // Files of equal shape: one after the other they lie at the same addresses.
      const rows = Array.from({ length: 7 }, (_, row) => ({ file: i, name: row % 2 ? `odd ${i}` : `even ${i}` }));
      await session.createDataFrame(rows).write.mode('append').parquet(folder);
    }
    for (let round = 0; round < 3; round++) {
      const rows = await session.read.parquet(folder).collect();
      expect(rows.length).toBe(84);
      for (const { file, name } of rows) expect(String(name)).toMatch(new RegExp(`^(odd|even) ${file}$`));
    }
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('rows of many row groups that one task reads have the texts of their own groups', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-dictionaries-'));
  const session = await Session.create({ workers: 1 });
  try {
    // Groups of equal shape come to lie at the same addresses, in arenas that are used in turn.
    const rows = Array.from({ length: 500 }, (_, i) => ({ id: i, name: `text ${1000 + Math.floor(i / 2)}` }));
    await session.createDataFrame(rows).write.option('rowGroupRows', 10).mode('overwrite').parquet(folder);
    const frame = session.read.parquet(folder);
    const wrong = (found: readonly { id: unknown; name: unknown }[]) =>
      found.filter(({ id, name }) => name !== `text ${1000 + Math.floor(Number(id) / 2)}`);
    for (let round = 0; round < 2; round++) expect(wrong((await frame.collect()) as never)).toEqual([]);
    expect(wrong((await frame.filter('id % 3 = 0').collect()) as never)).toEqual([]);
    expect(await frame.groupBy('name').count().filter('count <> 2').count()).toBe(0);
    expect(await frame.filter("name like '%7'").count()).toBe(50);
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
