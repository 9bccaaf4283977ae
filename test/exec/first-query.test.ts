import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const library = new URL('../../dist/index.js', import.meta.url).href;

/** The rows of a query that is the first of its process, and of the same query asked again. */
async function twice(query: string, mode?: string): Promise<string[]> {
  const program = `
    const { Session, col, fn, when } = await import(${JSON.stringify(library)});
    const session = await Session.create();
    const rows = Array.from({ length: 1000 }, (_, id) => ({
      id,
      team: id % 7 === 0 ? null : 't' + (id % 10),
      points: (id * 7919) % 1000,
      share: ((id * 7919) % 1000) / 7,
    }));
    const frame = session.createDataFrame(rows);
    const ask = async () => JSON.stringify(await (${query}).collect());
    console.log(JSON.stringify([await ask(), await ask()]));
    await session.stop();
  `;
  const { SPARROW_MODE: _, ...env } = process.env;
  const given = mode === undefined ? env : { ...env, SPARROW_MODE: mode };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { env: given });
  return JSON.parse(stdout) as string[];
}

/** Queries that a process answers before anything is compiled, and others that look like them. */
const queries = [
  `frame.filter(col('points').gt(10)).groupBy('team').agg(fn.count().as('n'), fn.avg('points').as('mean')).orderBy('team')`,
  `frame.groupBy('team').agg(fn.min('team').as('least'), fn.max('share').as('most'), fn.sum('id').as('ids')).orderBy(col('team').desc())`,
  `frame.groupBy('team').agg(fn.sum('share').as('total')).orderBy('team')`,
  `frame.groupBy('team').agg(fn.sum('points').as('total'))`,
  `frame.groupBy('team', 'points').agg(fn.count().as('n')).orderBy('team')`,
  `frame.agg(fn.count().as('n'), fn.sum('points').as('total'), fn.avg('share').as('mean'))`,
  `frame.select('id', fn.upper('team').as('team'), col('share').mul(2).as('twice'), when(col('points').lt(500), 'low').as('how'))`,
  `frame.orderBy(col('team').ascNullsLast(), col('points').desc()).limit(20)`,
  `frame.join(frame.filter(col('points').gt(500)), 'id', 'left_semi').orderBy('id')`,
  `frame.filter(col('team').isNull()).limit(3)`,
];

test.each(queries)('the first query of a process gives what any other does, to the last bit: %s', async (query) => {
  const [first, second] = await twice(query);
  const [compiled] = await twice(query, 'compiled');
  expect(first).toBe(compiled);
  expect(second).toBe(compiled);
});

test('the first query of a process names its error', async () => {
  await expect(twice(`frame.select(fn.lit(1).div(col('id').sub(1000 - 1)).as('x'))`)).rejects.toThrow('DIVIDE_BY_ZERO');
});
