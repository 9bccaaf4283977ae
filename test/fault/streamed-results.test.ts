import { createWriteStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineOf, randoms } from './harness.js';

/*
 * What one task gives may be many times the memory, and so may one file that only one task can read: both go through it
 * piece by piece.
 */

const directory = mkdtempSync(join(tmpdir(), 'sparrow-streamed-'));
const spills = mkdtempSync(join(tmpdir(), 'sparrow-streamed-spills-'));
afterAll(() => {
  for (const each of [directory, spills]) rmSync(each, { recursive: true, force: true });
});

const MEMORY = '64MB';

async function using<T>(work: (session: Session) => Promise<T>, memory = MEMORY): Promise<T> {
  const session = (await Session.create({ workers: 2, memory, spillDirectory: spills })) as Session;
  try {
    return await work(session);
  } finally {
    await session.stop();
    expect(readdirSync(spills)).toEqual([]);
  }
}

interface Plan {
  readonly frame: (session: Session) => DataFrame;
  /** Values of the two columns in row n; else they are the same modulo 500. */
  readonly row: ((n: number) => readonly [number, number]) | undefined;
  readonly rows: number;
  /** Of both columns. */
  readonly total: number;
}

/** 96 MB and more each, of one task. */
const plans: Record<string, Plan> = {
  'a cross join': {
    frame: (session) =>
      session
        .range(20_000)
        .select(col('id').as('a'))
        .crossJoin(session.range(400).select(col('id').as('b'))) as unknown as DataFrame,
    row: (n) => [Math.floor(n / 400), n % 400],
    rows: 8_000_000,
    total: 400 * 199_990_000 + 20_000 * 79_800,
  },
  'elements of arrays': {
    frame: (session) =>
      session
        .range(40_000)
        .select(
          col('id').as('a'),
          fn.explode(fn.sequence(lit(0), col('id').mod(2).mul(0).add(199))).as('b'),
        ) as unknown as DataFrame,
    row: (n) => [Math.floor(n / 200), n % 200],
    rows: 8_000_000,
    total: 200 * 799_980_000 + 40_000 * 19_900,
  },
  'a join with many partners': {
    frame: (session) => {
      const many = session.range(200_000).select(col('id').mod(500).as('k'), col('id').as('b'));
      const few = session.range(20_000).select(col('id').mod(500).as('k'), col('id').as('a'));
      return few.join(many, 'k').select('a', 'b') as unknown as DataFrame;
    },
    // In whatever order.
    row: undefined,
    rows: 8_000_000,
    total: 400 * 199_990_000 + 40 * 19_999_900_000,
  },
};

/** Reads all rows, each of which has to be the one that the plan says. */
async function readAll({ frame, row, rows, total }: Plan, session: Session, onBatch?: () => void): Promise<void> {
  let n = 0;
  let wrong = 0;
  let sum = 0;
  for await (const batch of frame(session).batches()) {
    const a = batch.getChild('a')?.toArray() as ArrayLike<number | bigint>;
    const b = batch.getChild('b')?.toArray() as ArrayLike<number | bigint>;
    for (let i = 0; i < batch.numRows; i++, n++) {
      const [foundA, foundB] = [Number(a[i]), Number(b[i])];
      sum += foundA + foundB;
      const [wantedA, wantedB] = row?.(n) ?? [foundA, foundB];
      if (foundA !== wantedA || foundB !== wantedB || (row === undefined && foundA % 500 !== foundB % 500)) wrong++;
    }
    onBatch?.();
  }
  expect([n, wrong, sum]).toEqual([rows, 0, total]);
}

describe.each(Object.entries(plans))('%s that is larger than the memory', (_, plan) => {
  test('comes out whole and in order', { timeout: 120_000 }, async () => {
    await using(async (session) => {
      let most = 0;
      const { heap } = engineOf(session);
      await readAll(plan, session, () => {
        most = Math.max(most, heap.usedBytes);
      });
      expect(most).toBeLessThan(64 * 2 ** 20);
      expect(heap.usedBytes).toBeLessThan(4 * 2 ** 20);
    });
  });

  test('though workers die while tasks wait in them', { timeout: 120_000 }, async () => {
    await using(async (session) => {
      const { pool } = engineOf(session);
      const random = randoms(7);
      let resumed = 0;
      let killed = 0;
      pool.onJob = (job, worker) => {
        if ((job.kind as string) !== 'resume') return;
        resumed++;
        // A task may be lost three times.
        if (killed < 3 && random() < 0.2) {
          killed++;
          void worker.terminate();
        }
      };
      await readAll(plan, session);
      pool.onJob = undefined;
      expect(resumed).toBeGreaterThan(3);
      expect(killed).toBeGreaterThan(0);
    });
  });

  test('leaves nothing behind when nobody wants the rest', { timeout: 60_000 }, async () => {
    await using(async (session) => {
      const { heap } = engineOf(session);
      for await (const batch of plan.frame(session).batches()) if (batch.numRows > 0) break;
      expect(heap.usedBytes).toBeLessThan(4 * 2 ** 20);
      const abort = new AbortController();
      const reading = (async () => {
        for await (const _ of plan.frame(session).batches({ signal: abort.signal })) abort.abort(new Error('enough'));
      })();
      await expect(reading).rejects.toThrow('cancelled');
      expect(heap.usedBytes).toBeLessThan(4 * 2 ** 20);
      // This one is never read on: the session ends all the same, and gives its memory back.
      await plan.frame(session).batches()[Symbol.asyncIterator]().next();
    });
  });
});

test('other queries are answered while a result waits to be read', { timeout: 60_000 }, async () => {
  await using(async (session) => {
    const reading = (plans['a cross join'] as Plan).frame(session).batches()[Symbol.asyncIterator]();
    await reading.next();
    for (let i = 0; i < 5; i++) {
      const total = session.range(2_000_000).agg(fn.sum('id').as('s'));
      expect(await total.collect()).toEqual([{ s: 1_999_999_000_000 }]);
    }
    await reading.return?.(undefined);
  });
});

const LINES = 1_000_000;
/** Longer and longer, up to a limit. */
const nameOf = (id: number): string => `name ${id % 977} ${'x'.repeat(id % 100)}`;

/** Texts of about 60 bytes, in one piece: 70 MB. */
async function write(path: string, head: string, line: (id: number) => string, packed: boolean): Promise<void> {
  const lines = function* (): Generator<string> {
    yield head;
    for (let from = 0; from < LINES; from += 1000)
      yield Array.from({ length: 1000 }, (_, i) => line(from + i)).join('');
  };
  const out = createWriteStream(path);
  if (packed) await pipeline(Readable.from(lines()), createGzip({ level: 1 }), out);
  else await pipeline(Readable.from(lines()), out);
}

describe('a file that one task reads, larger than the memory', () => {
  const file = (name: string): string => join(directory, name);
  const sources: Record<string, (session: Session) => DataFrame> = {
    'CSV, packed': (session) =>
      session.read.schema('id BIGINT, name STRING').option('header', true).csv(file('lines.csv.gz')) as DataFrame,
    'CSV with records over several lines': (session) =>
      session.read
        .schema('id BIGINT, name STRING')
        .options({ header: true, multiLine: true })
        .csv(file('records.csv')) as DataFrame,
    'JSON, packed': (session) => session.read.json(file('lines.json.gz')) as DataFrame,
    text: (session) =>
      session.read
        .text(file('lines.csv.gz'))
        .filter(col('value').ne('id,name'))
        .select(
          fn.substringIndex('value', ',', 1).cast('bigint').as('id'),
          fn.substringIndex('value', ',', -1).as('name'),
        ) as unknown as DataFrame,
    'Arrow, a stream': (session) => session.read.format('arrow').load(file('arrow')) as DataFrame,
  };
  let wanted: { count: number; ids: number; bytes: number; longest: string };

  beforeAll(async () => {
    await write(file('lines.csv.gz'), 'id,name\n', (id) => `${id},${nameOf(id)}\n`, true);
    await write(file('records.csv'), 'id,name\n', (id) => `${id},"${nameOf(id)}"\n`, false);
    await write(file('lines.json.gz'), '', (id) => `{"id":${id},"name":"${nameOf(id)}"}\n`, true);
    const duckdb = await DuckDBInstance.create();
    const connection = await duckdb.connect();
    const sql = `SELECT count(*)::INT, sum(id)::DOUBLE, sum(length(name))::INT, max(name) FROM read_csv('${file('lines.csv.gz')}')`;
    const [[count, ids, bytes, longest] = []] = (await connection.runAndReadAll(sql)).getRowsJS() as [
      number,
      number,
      number,
      string,
    ][];
    wanted = { count, ids, bytes, longest } as typeof wanted;
    connection.closeSync();
    const session = (await Session.create({ workers: 1 })) as Session;
    const written = sources['CSV, packed']?.(session) as DataFrame;
    await written.coalesce(1).write.option('format', 'stream').format('arrow').save(file('arrow'));
    await session.stop();
  }, 240_000);

  test('is summed, sorted and read', () => expect(wanted.count).toBe(LINES));
  test.each(Object.keys(sources))('%s', { timeout: 240_000 }, async (name) => {
    await using(async (session) => {
      const frame = (sources[name] as (session: Session) => DataFrame)(session);
      const [totals] = await frame
        .agg(
          fn.count().as('count'),
          fn.sum('id').as('ids'),
          fn.sum(fn.length(col('name'))).as('bytes'),
          fn.max('name').as('longest'),
        )
        .collect();
      expect(totals).toEqual(wanted);
      let n = 0;
      for await (const batch of frame.batches()) n += batch.numRows;
      expect(n).toBe(LINES);
      let at = LINES;
      for await (const batch of frame.orderBy(col('id').desc()).batches()) {
        const ids = batch.getChild('id');
        for (let i = 0; i < batch.numRows; i++) if (Number(ids?.get(i)) !== --at) throw new Error(`row ${at}`);
      }
      expect(at).toBe(0);
    }, '48MB');
  });
});
