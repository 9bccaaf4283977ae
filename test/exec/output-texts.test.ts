import { Session } from 'sparrow-df';
import { expect, test } from 'vitest';

// Short texts are written by vectors, long ones by a call: every length comes out whole, and nulls between them.
test('texts of every length are given as they are', async () => {
  const session = await Session.create({ workers: 2 });
  try {
    const text = (id: number): string => 'äöü·'.repeat(10).slice(0, id % 23) + '0123456789'.repeat(5).slice(0, id % 50);
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: id % 7 === 3 ? null : text(id) }));
    const schema = 'id INT, text STRING';
    const frame = session.createDataFrame(rows, schema).filter('id % 11 <> 5');
    const wanted = rows.filter(({ id }) => id % 11 !== 5);
    expect(await frame.collect()).toEqual(wanted);
    const other = session
      .createDataFrame(rows.slice(0, 900).reverse(), schema)
      .withColumnsRenamed({ id: 'key', text: 'other' });
    const joined = await frame
      .join(other, frame.col('id').eq(other.col('key')), 'left')
      .select('id', 'other')
      .toArrow();
    const others = wanted.map(({ id, text }) => (id < 900 ? text : null));
    expect([...(joined.getChild('other') ?? [])]).toEqual(others);
  } finally {
    await session.stop();
  }
});
