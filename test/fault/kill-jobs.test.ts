// A job that is killed and run again under its id writes its rows once.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { child, randoms } from './harness.js';

/** More of them: SPARROW_KILLS=200. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 8);
const ROWS = 300;
const MOST_MS = 500;
const KINDS = ['append-parquet', 'overwrite-csv', 'dynamic-json', 'errorifexists-parquet', 'append-delta'] as const;

let session: Session;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-jobs-'));
  session = (await Session.create({ workers: 1 })) as unknown as Session;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const [APPEND, OVERWRITE] = ['append', 'overwrite'] as const;
const writer = (number: number, jobId: string) =>
  session
    .range(ROWS)
    .select('id', lit(number).as('number'), col('id').mod(3).as('part'))
    .repartition(3)
    .write.option('jobId', jobId);

/** Runs the job of a number, of every kind; killed after a while, or to its end. */
async function run(number: number, killAfter?: number): Promise<boolean> {
  const program = `
    const session = await Session.create({ workers: 1 });
    const kinds = ${JSON.stringify(KINDS)};
    ${killAfter === undefined ? '' : `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${killAfter});`}
    const rows = session.range(${ROWS}).select(col('id'), lit(${number}).as('number'), col('id').mod(lit(3)).as('part'));
    for (const kind of kinds) {
      const [mode, format] = kind.split('-');
      const path = ${JSON.stringify(folder)} + '/' + kind + (mode === 'errorifexists' ? '-${number}' : '');
      let write = rows.repartition(3).write.mode(mode === 'dynamic' ? 'overwrite' : mode).option('jobId', 'job/${number}');
      if (mode === 'dynamic') write = write.option('partitionOverwriteMode', 'dynamic');
      if (mode === 'dynamic' || format === 'delta') write = write.partitionBy('part');
      if (format === 'csv') write = write.option('header', true);
      await write.format(format).save(path);
    }
    await session.stop();
    console.log('done');`;
  const { output, errors } = await child(program);
  if (killAfter === undefined && !output.includes('done')) throw new Error(errors);
  return output.includes('done');
}

async function numbers(kind: string, number: number): Promise<Record<string, number>> {
  const [mode = '', format = ''] = kind.split('-');
  const path = join(folder, mode === 'errorifexists' ? `${kind}-${number}` : kind);
  const frame = session.read
    .format(format)
    .options(format === 'csv' ? { header: true } : {})
    .load(path);
  const counts = (await frame.groupBy('number').agg(fn.count().as('n')).collect()) as { number: unknown; n: number }[];
  return Object.fromEntries(counts.map(({ number: of, n }) => [String(of), n]));
}

describe('a job with an id', () => {
  it(
    `killed ${KILLS} times and run again writes its rows once`,
    async () => {
      const random = randoms(Number(process.env.SPARROW_SEED ?? 11));
      let finished = 0;
      for (let number = 1; number <= KILLS; number++) {
        if (await run(number, random() * MOST_MS)) finished++;
        if (number % 3 !== 0) await run(number, random() * MOST_MS);
        await run(number);
        const own = { [number]: ROWS };
        const all = Object.fromEntries(Array.from({ length: number }, (_, i) => [i + 1, ROWS]));
        for (const kind of KINDS) {
          expect([kind, await numbers(kind, number)]).toEqual([kind, kind.startsWith('append') ? all : own]);
        }
      }
      // What was replaced meanwhile is not written once more either.
      await run(1);
      for (const kind of KINDS.filter((name) => !name.startsWith('append')))
        expect([kind, await numbers(kind, KILLS)]).toEqual([kind, { [KILLS]: ROWS }]);
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(finished).toBeLessThan(KILLS);
    },
    120_000 + KILLS * 20_000,
  );

  it('that runs twice at once is written by one of the two', async () => {
    for (let number = 0; number < 10; number++) {
      const path = join(folder, 'twice');
      const results = await Promise.all(
        [0, 1].map(() =>
          writer(number, `twice ${number}`)
            .mode(number % 4 === 3 ? OVERWRITE : APPEND)
            .parquet(path),
        ),
      );
      expect(results.map(({ rows }) => rows).sort()).toEqual([0, ROWS]);
      const last = number - ((number + 1) % 4);
      const counts = await session.read.parquet(path).groupBy('number').agg(fn.count().as('n')).collect();
      expect(counts.length).toBe(number - Math.max(0, last) + 1);
      expect(counts.every(({ n }) => n === ROWS)).toBe(true);
    }
  });

  it('has a name', async () => {
    for (const id of ['', 'x'.repeat(300)])
      await expect(writer(0, id).parquet(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(await writer(0, '../..').parquet(join(folder, 'odd'))).toMatchObject({ rows: ROWS });
    expect(await writer(0, '../..').parquet(join(folder, 'odd'))).toMatchObject({ rows: 0, files: 0 });
    await expect(writer(0, 'other').parquet(join(folder, 'odd'))).rejects.toMatchObject({
      code: 'PATH_ALREADY_EXISTS',
    });
  });
});
