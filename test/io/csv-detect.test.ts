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
});
