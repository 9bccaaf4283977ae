import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB', timeZone: 'Asia/Kolkata' });
  await session.execute(`CREATE TEMP VIEW clocks AS SELECT id, make_time(id, 30, 15.5) AS at, concat(id, ':30:15.5') AS text
    FROM range(3, 6)`);
});
afterAll(() => session.stop());

const values = async (text: string): Promise<unknown[][]> =>
  (await session.sql(text).collect()).map((row) => Object.values(row as object));

// Apache Spark 4.3 with spark.sql.timeType.enabled says so.
test('times of day become timestamps of the day on which the query runs', async () => {
  const same = `cast(current_date() AS TIMESTAMP) + make_dt_interval(0, id, 30, 15.5)`;
  expect(
    await values(`SELECT cast(at AS TIMESTAMP) = ${same}, cast(text AS TIMESTAMP) = ${same},
      cast(cast(at AS TIMESTAMP_NTZ) AS TIMESTAMP) = ${same}, to_timestamp('T' || text) = ${same}, hour(text),
      cast(array(at) AS ARRAY<TIMESTAMP>)[0] = ${same}, date_format(at, 'HH-mm'), to_char(at, 'mm')
      FROM clocks`),
  ).toEqual([3, 4, 5].map((hour) => [true, true, true, true, hour, true, `0${hour}-30`, '30']));
  expect(
    await values(`SELECT cast('T10' AS TIMESTAMP) = cast('10:0' AS TIMESTAMP), hour('1:2'),
      cast('10:11:12 UTC' AS TIMESTAMP) = cast('15:41:12' AS TIMESTAMP) OR hour(current_timestamp()) < 6`),
  ).toEqual([[true, 1, true]]);
});

test.each([
  "'10' AS TIMESTAMP",
  "'10:' AS TIMESTAMP",
  "'24:00' AS TIMESTAMP",
  "'10:11 UTC' AS TIMESTAMP",
  "'10:11' AS TIMESTAMP_NTZ",
])('CAST(%s) is refused', async (cast) => {
  await expect(session.sql(`SELECT CAST(${cast})`).collect()).rejects.toMatchObject({ code: 'CAST_INVALID_INPUT' });
  expect(await values(`SELECT TRY_CAST(${cast})`)).toEqual([[null]]);
});

test('a time of day is no date', async () => {
  await expect(session.sql('SELECT CAST(at AS DATE) FROM clocks').schema()).rejects.toMatchObject({
    code: 'DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION',
  });
});
