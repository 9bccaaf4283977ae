import { afterEach, expect, test } from 'vitest';
import { int32Type, stringType } from '../../src/base/index.js';
import { Engines } from '../support/engines.js';
import { ascending, col, group, lit, project, rowsPlan } from '../support/physical.js';

const settings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };
const mode = process.env.SPARROW_MODE;
afterEach(() => {
  if (mode === undefined) delete process.env.SPARROW_MODE;
  else process.env.SPARROW_MODE = mode;
});

// Texts of rows read from disk go with the task that reads them: code made for rows in memory hands them on as they lie.
test.for([1, 50].flatMap((count) => [undefined, 12].map((limit) => [count, limit] as const)))(
  'a plan that ran in memory gives the same when its rows are on disk: %i rows, limit %i',
  async ([count, limit]) => {
    const engines = new Engines();
    const texts = Array.from({ length: count }, (_, i) => ` text ${(i * 37) % 50} `);
    const rows = rowsPlan(
      engines.heap,
      [stringType],
      texts.map((text) => [text]),
    );
    const grouped = group(rows, [col(rows, 0)], []);
    const sorted = {
      kind: 'sort',
      columns: grouped.columns,
      input: grouped,
      keys: [ascending(col(grouped, 0))],
      offset: 0,
      ...(limit === undefined ? {} : { limit }),
    } as const;
    const plan = project(sorted, [lit(int32Type, 1), col(sorted, 0)]);
    const first = texts.toSorted().slice(0, limit);
    const expected = { kind: 'rows', rows: first.map((text) => [1, text]) };
    for (const each of ['compiled', 'spill', 'compiled']) {
      process.env.SPARROW_MODE = each;
      expect(await engines.compiled(plan, settings)).toEqual(expected);
    }
  },
);
