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
