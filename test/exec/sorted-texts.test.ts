import { col, type DefaultValues, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Texts that begin alike are sorted by what comes behind, eight bytes at a time; JavaScript compares them whole.
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '256MB' });
});
afterAll(() => session.stop());

const ROWS = 6000;
let state = 7;
const below = (most: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * most);
};

const BEGINNINGS = ['', 'a', 'key-0000', 'key-00000000000', `${'long '.repeat(20)}`, 'äöü'.repeat(4), 'zero\0\0\0\0'];
const ENDINGS = ['', '\0', '\0\0', 'b', 'é', '😀'];
const text = (): string | null =>
  below(20) === 0 ? null : `${BEGINNINGS[below(7)]}${below(40)}${ENDINGS[below(6)]}${below(4) === 0 ? below(9) : ''}`;
const rows = Array.from({ length: ROWS }, (_, id) => ({ id, k: below(3), s: text() }));

const bytes = (value: string | null): Buffer => Buffer.from(value ?? '');

interface Order {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** By text as bytes, nulls where they are to be, equal ones in the order of the rows. */
function sorted(given: readonly (typeof rows)[number][], { descending, nullsFirst }: Order): number[] {
  const compare = (a: (typeof rows)[number], b: (typeof rows)[number]): number => {
    if (a.s === null || b.s === null) {
      const order = Number(b.s === null) - Number(a.s === null);
      return nullsFirst ? order : -order;
    }
    return Buffer.compare(bytes(a.s), bytes(b.s)) * (descending ? -1 : 1);
  };
  return [...given].sort((a, b) => compare(a, b) || a.id - b.id).map(({ id }) => id);
}

const frame = () => session.createDataFrame(rows, { id: t.int32, k: t.int32, s: t.string });

test.each([
  ['asc', { descending: false, nullsFirst: true }],
  ['ascNullsLast', { descending: false, nullsFirst: false }],
  ['desc', { descending: true, nullsFirst: false }],
  ['descNullsFirst', { descending: true, nullsFirst: true }],
] as const)('by text, %s', async (order, how) => {
  const ids = (await frame().orderBy(col('s')[order]()).collect()).map(({ id }) => id);
  expect(ids).toEqual(sorted(rows, how));
});

test('behind a number, and before another key', async () => {
  const ids = (await frame().orderBy('k', col('s').desc(), 'id').collect()).map(({ id }) => id);
  const expected = [0, 1, 2].flatMap((k) =>
    sorted(
      rows.filter((row) => row.k === k),
      { descending: true, nullsFirst: false },
    ),
  );
  expect(ids).toEqual(expected);
});

test('as binary', async () => {
  const binary = frame().select('id', col('s').cast('binary').as('s'));
  const ids = (await binary.orderBy('s').collect()).map(({ id }) => id);
  expect(ids).toEqual(sorted(rows, { descending: false, nullsFirst: true }));
});
