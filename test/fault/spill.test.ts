import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session, Window } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-spill-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ROWS = 700_000;

type Frames = Record<string, (session: Session) => DataFrame>;

/** Long keys in no order, most of them only once; some null. */
function keyed(session: Session): DataFrame {
  const id = col('id');
  const key = fn.concat(lit('a key of some length '), id.mul(7919).mod(1_000_003).cast('string'));
  return session
    .range(0, ROWS)
    .select(id, fn.nullif(key, lit('a key of some length 17')).as('k'), id.mul(31).mod(1000).as('v')) as DataFrame;
}

const frames: Frames = {
  group: (session) =>
    keyed(session).groupBy('k').agg(fn.sum('v').as('s'), fn.count().as('n'), fn.max('k').as('m'), fn.avg('v').as('a')),
  // Rows of a group come at different times: where a sum is broken off shows in its last bits.
  floats: (session) =>
    keyed(session)
      .groupBy(fn.concat(lit('one of many longer keys, so that they need room '), col('id').mod(70_001).cast('string')))
      .agg(fn.sum(col('v').div(7.3)).as('s'), fn.variance(col('v').div(3.1)).as('d'), fn.max('k').as('m')),
  distinct: (session) => keyed(session).select('k').distinct(),
  sort: (session) => keyed(session).orderBy(col('k').desc(), 'v'),
};

/** Every row, in order, as one number each for its count and its content. */
async function digest(frame: DataFrame): Promise<[number, number]> {
  let rows = 0;
  let hash = 17;
  for await (const row of frame) {
    rows++;
    for (const value of Object.values(row as object)) {
      for (const character of String(value)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
    }
  }
  return [rows, hash];
}

async function using<T>(memory: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  try {
    return await work(session as Session);
  } finally {
    await session.stop();
  }
}

/** The files below a folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

describe('rows that do not fit the memory go to disk', () => {
  test.each(Object.entries(frames))('%s: the same rows in the same order', { timeout: 240_000 }, async (_, make) => {
    const unlimited = await using('2GB', async (session) => digest(make(session)));
    const { found, plan } = await using('64MB', async (session) => ({
      found: await digest(make(session)),
      plan: await make(session).explain('analyze'),
    }));
    expect(found).toEqual(unlimited);
    expect(plan).toMatch(/MiB spilled/);
    expect(filesIn(directory)).toEqual([]);
  });

  test('one group or partition that is too large is refused, with advice', { timeout: 120_000 }, async () => {
    await using('32MB', async (session) => {
      const rows = session.range(0, 1_500_000).withColumn('half', col('id').mod(2));
      const more = session.range(0, 5_000_000).withColumn('half', col('id').mod(2));
      const list = more.groupBy('half').agg(fn.collectList('id').as('ids')).select(fn.size('ids').as('n'));
      await expect(list.collect()).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_EXCEEDED',
        hint: expect.stringContaining('one group'),
      });
      const ranks = rows.select('id', fn.sum('id').over(Window.partitionBy('half').orderBy('id')).as('s'));
      await expect(ranks.agg(fn.max('s')).collect()).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_EXCEEDED',
        hint: expect.stringContaining('partitionBy'),
      });
      expect(await rows.count()).toBe(1_500_000);
    });
  });

  test('a damaged file is an error, and the session stays usable', { timeout: 240_000 }, async () => {
    await using('64MB', async (session) => {
      const rows = (frames.sort as (session: Session) => DataFrame)(session)[Symbol.asyncIterator]();
      await rows.next();
      const written = filesIn(directory);
      expect(written.length).toBeGreaterThan(0);
      // In place: a file that is written anew is empty for a moment.
      for (const path of written) {
        const file = openSync(path, 'r+');
        const { size } = statSync(path);
        const bytes = readFileSync(path);
        for (let at = 1000; at < size; at += 5000) writeSync(file, Uint8Array.of((bytes[at] as number) ^ 4), 0, 1, at);
        closeSync(file);
      }
      const rest = async (): Promise<void> => {
        while (!(await rows.next()).done);
      };
      await expect(rest()).rejects.toMatchObject({ code: 'SPILL_FILE_CORRUPT' });
      expect(await session.range(10).count()).toBe(10);
    });
    expect(filesIn(directory)).toEqual([]);
  });

  test('folders of processes that are gone are swept', { timeout: 240_000 }, async () => {
    const stale = join(directory, 'sparrow-spill-999999999-1', 'query-1');
    mkdirSync(stale, { recursive: true });
    writeFileSync(join(stale, 'task-1-1.rows'), 'left behind');
    await using('64MB', async (session) => digest((frames.distinct as (session: Session) => DataFrame)(session)));
    expect(readdirSync(directory)).toEqual([]);
  });
});
