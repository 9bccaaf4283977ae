import { Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Rows that come one by one are the frame that the same rows in a list are, and the event loop goes on meanwhile.
let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());

const ROWS = 120_000;
const row = (i: number): Record<string, unknown> => ({
  id: i,
  half: i / 2,
  name: i % 11 === 0 ? null : `row ${i}`,
  even: i % 2 === 0,
  at: new Date(1_600_000_000_000 + i),
  big: BigInt(i) * 1_007n,
  ...(i > ROWS / 2 ? { late: i } : {}),
  list: [i, i + 1],
});
async function* stream(rows: number, make = row): AsyncGenerator<Record<string, unknown>> {
  for (let i = 0; i < rows; i++) yield make(i);
}

describe('rows that come one by one', () => {
  test('have the types and values of a list of them', async () => {
    const list = session.createDataFrame(Array.from({ length: ROWS }, (_, i) => row(i)));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const streamed = await session.createDataFrame(stream(ROWS));
    counting = false;
    expect(turns).toBeGreaterThan(2);
    expect((await streamed.schema()).simpleString()).toBe((await list.schema()).simpleString());
    expect(await streamed.filter('id % 1009 = 5').collect()).toEqual(await list.filter('id % 1009 = 5').collect());
    const text =
      'SELECT count(*), sum(id), sum(half), count(name), count_if(even), max(at), sum(big), count(late) FROM ';
    streamed.createOrReplaceTempView('streamed');
    const [sums] = await session.sql(`${text} streamed`).collect();
    const half = ROWS / 2 - 1;
    expect(Object.values(sums as object).map(String)).toEqual(
      [
        ROWS,
        (ROWS * (ROWS - 1)) / 2,
        (ROWS * (ROWS - 1)) / 4,
        ROWS - Math.ceil(ROWS / 11),
        ROWS / 2,
        new Date(1_600_000_000_000 + ROWS - 1),
        ((BigInt(ROWS) * BigInt(ROWS - 1)) / 2n) * 1_007n,
        half,
      ].map(String),
    );
  });

  test('take a schema, and name the row of a value that does not fit', async () => {
    const schema = { id: t.notNull(t.int32), name: t.string };
    const made = await session.createDataFrame(stream(40_000), schema as never);
    expect(await made.count()).toBe(40_000);
    const wrong = (i: number): Record<string, unknown> => ({ id: i === 33_333 ? null : i, name: 'x' });
    await expect(session.createDataFrame(stream(40_000, wrong), schema as never)).rejects.toMatchObject({
      code: 'FIELD_NOT_NULLABLE',
      where: 'column id, row 33333',
    });
    const mixed = (i: number): Record<string, unknown> => ({ id: i === 20_000 ? 'one' : i });
    await expect(session.createDataFrame(stream(40_000, mixed))).rejects.toMatchObject({ code: 'CANNOT_MERGE_TYPE' });
    const list = Array.from({ length: 40_000 }, (_, i) => mixed(i));
    expect(() => session.createDataFrame(list)).toThrow(expect.objectContaining({ code: 'CANNOT_MERGE_TYPE' }));
  });
});
