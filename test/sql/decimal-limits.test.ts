import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Decimals of 28 digits before the point: an average with 14 behind it has more than 38. */
const LARGE = "CAST('-4313212808393505806721203788.6662690470' AS DECIMAL(38,10)) + x";
const ROWS = 'VALUES (1), (2), (NULL) AS t(x)';
const FORMS = ['', ' OVER (PARTITION BY x)', ' OVER (ORDER BY x)'];

describe.each([true, false])('decimals that their type cannot hold, ANSI %s', (ansi) => {
  let session: Session<DefaultValues>;
  beforeAll(async () => {
    session = await Session.create({ workers: 1 });
    await session.sql(`SET spark.sql.ansi.enabled=${ansi}`).collect();
  });
  afterAll(() => session.stop());

  const answers = async (call: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const over of FORMS) {
      const query = session.sql(`SELECT ${call}${over} AS a FROM ${ROWS}`);
      // The first time it may run otherwise than later.
      for (let run = 0; run < 3; run++) {
        const rows = await query.collect().catch((error: { code: string }) => error.code);
        found.push(typeof rows === 'string' ? rows : rows.map(({ a }) => a));
      }
    }
    return found;
  };
  const everywhere = (...answers: unknown[]): unknown[] => answers.flatMap((answer) => [answer, answer, answer]);
  const nulls = everywhere([null], [null, null, null], [null, null, null]);

  test('avg', async () => {
    const code = 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION';
    expect(await answers(`avg(${LARGE})`)).toEqual(ansi ? everywhere(code, code, code) : nulls);
  });

  test('a remainder by a null that stands for a number too large for its type', async () => {
    const divisor = 'try_cast(x AS DECIMAL(3,0))';
    const query = session.sql(
      `SELECT CAST(try_mod(CAST(5 AS DECIMAL(5,0)), ${divisor}) AS INT) AS a, CAST(CAST(7 AS DECIMAL(5,0)) % ${divisor} AS INT) AS b
       FROM VALUES (4294967296), (3), (-8589934592) AS t(x)`,
    );
    const wanted = [
      { a: null, b: null },
      { a: 2, b: 1 },
      { a: null, b: null },
    ];
    for (let run = 0; run < 3; run++) expect(await query.collect()).toEqual(wanted);
  });

  test('the size of the least integer, in a wider type', async () => {
    const query = session.sql(
      `SELECT string(abs(CAST(x AS BIGINT))) AS a, string(abs(CAST(x AS DECIMAL(20,0)))) AS b, string(abs(CAST(y AS DECIMAL(30,0)))) AS c
       FROM VALUES (-2147483648, -9223372036854775808L), (-3, -4L) AS t(x, y)`,
    );
    const wanted = [
      { a: '2147483648', b: '2147483648', c: '9223372036854775808' },
      { a: '3', b: '3', c: '4' },
    ];
    for (let run = 0; run < 3; run++) expect(await query.collect()).toEqual(wanted);
  });

  test('try_avg', async () => {
    expect(await answers(`try_avg(${LARGE})`)).toEqual(nulls);
  });
});
