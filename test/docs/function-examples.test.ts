import '../support/all-functions.js';
import { expr, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FunctionEntry } from '../../src/functions/define.js';
import { functions } from '../../src/functions/families/all.js';

// The reference prints these as Spark's answers, so they are asked here. Those of aggregates name tables of their own,
// which takes SQL queries.
const examples = (Object.values(functions) as FunctionEntry[])
  .filter((entry) => entry.kind === 'scalar')
  .flatMap(({ name, examples: all }) => all.map(([sql, result]) => ({ name, sql, result })));
const missing = /\bdouble\(/;

describe('the examples of the function reference', () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.create({ workers: 1 });
  });
  afterAll(() => session.stop());

  test.each(examples.filter(({ sql }) => !missing.test(sql)))('$name: $sql', async ({ sql, result }) => {
    const rows = await session.range(1).select(expr(sql).cast('string').as('text')).collect();
    expect(rows).toEqual([{ text: result }]);
  });

  test.todo('those that call double()');
});
