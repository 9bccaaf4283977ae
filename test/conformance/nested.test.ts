import { readdirSync, readFileSync } from 'node:fs';
import { expr, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** An expression (or query) and what Spark gave for it: the schema and rows as text, or the error's condition. */
interface Case {
  readonly q: string;
  readonly schema?: string;
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly error?: string;
}

const folder = new URL('./nested/', import.meta.url);
const files = readdirSync(folder).map((name) => {
  const { cases } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { readonly cases: readonly Case[] };
  return { name, cases };
});

// Recorded from Spark 4.0.1 (which has no paths into variants yet) with ANSI mode on in UTC. Rows are compared as `cast(… as string)` prints them.
describe.each(['compiled', 'interpreted'] as const)('as Spark, %s', (mode) => {
  let session: Session;
  const before = process.env.SPARROW_MODE;
  beforeAll(async () => {
    process.env.SPARROW_MODE = mode;
    session = await Session.create({ workers: 1, memory: '256MB' });
  });
  afterAll(async () => {
    await session.stop();
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  });

  async function answer(text: string): Promise<Omit<Case, 'q'>> {
    try {
      const isQuery = /^(select|from|with|values)\s/i.test(text);
      const frame = isQuery ? session.sql(text) : session.range(1).select(expr(text));
      const schema = (await frame.schema()).simpleString();
      const names = (await frame.columns()).map((_, i) => `c${i}`);
      const rows = await frame
        .toDF(...names)
        .select(...names.map((name) => expr(`cast(${name} as string) as ${name}`)))
        .collect();
      return { schema, rows: rows.map((row) => Object.values(row) as (string | null)[]) };
    } catch (error) {
      if (!(error instanceof SparrowError)) throw error;
      return { error: error.code };
    }
  }

  describe.each(files)('$name', ({ cases }) => {
    test.each(cases)('$q', async ({ q, ...wanted }) => {
      expect(await answer(q)).toEqual(wanted);
    });
  });
});
