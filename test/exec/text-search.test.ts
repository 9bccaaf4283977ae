import fc from 'fast-check';
import { Session } from 'sparrow-df';
import { afterAll, expect, it } from 'vitest';

const session = await Session.create({ workers: 1 });
afterAll(() => session.stop());

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, (char) => `\\${char}`);

/** Rows of a batch are searched many at once: where one ends and another begins must not be missed. */
it('finds constants in columns of texts, whatever lies in the rows beside', { timeout: 120_000 }, async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', 'é', ' '), maxLength: 4 });
  const short = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', 'é', ' '), maxLength: 90 });
  const texts = fc.array(fc.option(short, { freq: 6 }), { minLength: 1, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(texts, word, word, fc.integer({ min: 1, max: 5 }), async (base, first, second, step) => {
      const rows = Array.from({ length: 600 }, (_, id) => ({ id, text: base[(id * 7) % base.length] ?? null }));
      const table = session.createDataFrame(rows, 'id int, text string');
      const chosen = table.filter(`id % ${step} = 0`);
      const like = `%${escaped(first)}%${escaped(second)}%`.replaceAll("'", "''").replaceAll('\\', '\\\\');
      const found = await chosen
        .selectExpr('id', `text LIKE '${like}' AS fits`, `contains(text, '${first}') AS has`)
        .orderBy('id')
        .collect();
      const wanted = rows
        .filter(({ id }) => id % step === 0)
        .map(({ id, text }) => {
          const at = text === null ? -1 : text.indexOf(first);
          const fits = at >= 0 && (text as string).indexOf(second, at + first.length) >= 0;
          return { id, fits: text === null ? null : fits, has: text === null ? null : at >= 0 };
        });
      expect(found).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

it('looks for what differs from row to row in each row', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ text: `${i} and ${i % 7}`, wanted: `${i % 10}` }));
  const found = await session
    .createDataFrame(rows, 'text string, wanted string')
    .selectExpr('contains(text, wanted) AS has')
    .collect();
  expect(found).toEqual(rows.map(({ text, wanted }) => ({ has: text.includes(wanted) })));
});
