import { describe, expect, test } from 'vitest';
import {
  arrayType,
  field,
  int32Type,
  int64Type,
  type Schema,
  SparrowError,
  simpleString,
  stringType,
  structType,
} from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import type { Plan } from '../../src/plan/node.js';
import { outputOf, schemaOf } from '../../src/plan/output.js';
import { resolve } from '../../src/plan/resolve/resolver.js';
import { FakeCatalog } from '../support/fake-source.js';
import { as, by, e, from, joinOn, select, sortBy, warehouse, where } from '../support/plan-builder.js';
import { plainText, planText, settings } from '../support/plan-text.js';

const catalog = warehouse();
const resolved = (plan: Plan, own: FakeCatalog = catalog) => resolve(plan, own, settings);
const names = async (plan: Plan, own: FakeCatalog = catalog) =>
  outputOf(await resolved(plan, own)).map((attribute) => attribute.name);
const schema = async (plan: Plan) => simpleString(schemaOf(await resolved(plan)));

async function errorOf(plan: Plan, own: FakeCatalog = catalog): Promise<SparrowError> {
  try {
    await resolved(plan, own);
  } catch (error) {
    if (error instanceof SparrowError) return error;
    throw error;
  }
  throw new Error('it resolved');
}

describe('names', () => {
  test('are found in any case and keep the case they were asked in', async () => {
    expect(await names(select(from('flights'), 'DELAY', 'Origin'))).toEqual(['DELAY', 'Origin']);
  });

  test('a missing one is an error with the nearest names and the place', async () => {
    const error = await errorOf(where(from('flights'), 'dela > 15'));
    expect(error.code).toBe('UNRESOLVED_COLUMN');
    expect(error.candidates[0]).toBe('delay');
    expect(error.where).toBe("in Filter ('dela > 15)");
    expect(error.message).toContain('Did you mean: delay');
  });

  test('one that means two columns is an error that says which', async () => {
    const twice = b.join(as(from('airports'), 'a'), as(from('airports'), 'z'), 'cross');
    const error = await errorOf(select(twice, 'city'));
    expect(error.code).toBe('AMBIGUOUS_REFERENCE');
    expect(error.candidates).toEqual(['a.city', 'z.city']);
    expect(await names(select(twice, 'a.city', 'z.city'))).toEqual(['city', 'city']);
  });

  test('the same column selected twice is still one column', async () => {
    expect(await names(select(select(from('airports'), 'city', 'city'), 'city'))).toEqual(['city']);
  });

  test('columns of a frame are found through its plan id', async () => {
    const left = b.withPlanId(from('airports'), 1);
    const right = b.withPlanId(where(left, "state = 'CA'"), 2);
    const joined = b.withPlanId(b.join(left, right, 'inner', b.call('=', b.column('code', 1), b.column('code', 2))), 3);
    const plan = await resolved(b.project(joined, [b.column('city', 1), b.alias(b.column('city', 2), 'other')]));
    expect(planText(plan)).toBe(
      [
        'Project [city#1, city#2 AS other#3]',
        '+- Join Inner, (code#4 = code#5)',
        '   :- Scan fake airports [code#4, city#1, state#6]',
        '   +- Project [code#4 AS code#5, city#1 AS city#2, state#6 AS state#7]',
        "      +- Filter (state#6 = 'CA')",
        '         +- Scan fake airports [code#4, city#1, state#6]',
      ].join('\n'),
    );
  });

  test('a frame joined with itself is ambiguous, and so says the error', async () => {
    const frame = b.withPlanId(from('airports'), 11);
    const plan = b.join(frame, frame, 'inner', b.call('=', b.column('code', 11), b.column('code', 11)));
    expect((await errorOf(plan)).code).toBe('AMBIGUOUS_REFERENCE');
  });

  test('a column of a frame that was replaced since is still that column', async () => {
    const frame = b.withPlanId(from('airports'), 21);
    const replaced = b.withColumn(frame, 'city', e("'x'"));
    expect(plainText(await resolved(b.project(replaced, [b.column('city', 21)])))).toBe(
      "Project [city]\n+- Project [code, 'x' AS city, state, city]\n   +- Scan fake airports [code, city, state]",
    );
  });

  test('the key of the other side of a using join can be named through its frame', async () => {
    const [one, two] = [b.withPlanId(from('airports'), 41), b.withPlanId(b.toNames(from('states'), ['code', 'n']), 42)];
    const joined = b.usingJoin(one, two, ['code'], 'left');
    expect(outputOf(await resolved(b.project(joined, [b.column('code', 42)])))[0]?.nullable).toBe(true);
  });

  test('a column of a frame that is not there, or was aggregated away, is refused', async () => {
    const frame = b.withPlanId(from('airports'), 22);
    expect((await errorOf(b.project(frame, [b.column('city', 99)]))).code).toBe('CANNOT_RESOLVE_DATAFRAME_COLUMN');
    expect((await errorOf(b.project(by(frame, ['state']), [b.column('city', 22)]))).code).toBe(
      'CANNOT_RESOLVE_DATAFRAME_COLUMN',
    );
  });

  test('a bare name does not reach below a select', async () => {
    expect((await errorOf(select(select(from('flights'), 'origin'), 'delay'))).code).toBe('UNRESOLVED_COLUMN');
  });

  test('a column of a frame in the middle of a withColumn chain is that version', async () => {
    const one = b.withPlanId(from('airports'), 31);
    const two = b.withPlanId(b.withColumn(one, 'n', e('1')), 32);
    const three = b.withPlanId(b.withColumn(two, 'n', b.call('+', b.column('n', 32), e('1'))), 33);
    expect(plainText(await resolved(b.project(three, [b.column('n', 33), b.column('n', 32)])))).toBe(
      [
        'Project [n, n]',
        '+- Project [code, city, state, (n + 1) AS n, n]',
        '   +- Project [code, city, state, 1 AS n]',
        '      +- Scan fake airports [code, city, state]',
      ].join('\n'),
    );
  });

  test('case-sensitive when asked', async () => {
    const strict = { ...settings, caseSensitive: true };
    await expect(resolve(select(from('flights'), 'DELAY'), catalog, strict)).rejects.toThrow('UNRESOLVED_COLUMN');
  });
});

describe('names of results', () => {
  test('are those Spark gives', async () => {
    const plan = select(
      from('flights'),
      'delay + 1',
      'upper(origin)',
      "origin = 'SEA'",
      'delay > 1 and not (distance <= 2)',
      'case when delay > 1 then 1 else 2 end',
      'origin is null',
      'delay in (1, 2)',
      "origin like 'S%'",
      'cast(delay as string)',
      'cast(delay + 1 as string)',
      "day <= '1998-09-02'",
      'delay != 1',
      "'text'",
      '1.5',
      "date '2020-01-01'",
      'coalesce(delay, 0)',
      'if(true, 1, 2)',
      'origin || dest',
    );
    expect(await names(plan)).toEqual([
      '(delay + 1)',
      'upper(origin)',
      '(origin = SEA)',
      '((delay > 1) AND (NOT (distance <= 2)))',
      'CASE WHEN (delay > 1) THEN 1 ELSE 2 END',
      '(origin IS NULL)',
      '(delay IN (1, 2))',
      'origin LIKE S%',
      'delay',
      'CAST((delay + 1) AS STRING)',
      '(day <= 1998-09-02)',
      '(NOT (delay = 1))',
      'text',
      '1.5',
      "DATE '2020-01-01'",
      'coalesce(delay, 0)',
      '(IF(true, 1, 2))',
      'concat(origin, dest)',
    ]);
  });

  test('of aggregates and window calls too', async () => {
    const plan = by(
      from('flights'),
      ['origin'],
      'count(*)',
      'sum(delay)',
      'count(distinct origin, dest)',
      'avg(delay) + 1',
    );
    expect(await names(plan)).toEqual([
      'origin',
      'count(1)',
      'sum(delay)',
      'count(DISTINCT origin, dest)',
      '(avg(delay) + 1)',
    ]);
    expect(await names(select(from('flights'), 'row_number() over (partition by origin order by delay desc)'))).toEqual(
      [
        'row_number() OVER (PARTITION BY origin ORDER BY delay DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
      ],
    );
  });
});

describe('types', () => {
  test('a string compared with a date is cast once, as a literal', async () => {
    expect(plainText(await resolved(where(from('flights'), "day <= '1998-09-02'")))).toContain(
      "Filter (day <= DATE '1998-09-02')",
    );
  });

  test('a string that is no date stays a cast, whose error belongs to the rows', async () => {
    expect(plainText(await resolved(where(from('flights'), "day <= 'soon'")))).toContain("CAST('soon' AS DATE)");
  });

  test('a condition must be boolean', async () => {
    expect((await errorOf(where(from('flights'), 'delay + 1'))).code).toBe('DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
    expect((await errorOf(joinOn(from('flights'), from('airports'), 'delay'))).code).toBe(
      'JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE',
    );
  });

  test('an unknown function has candidates and a place', async () => {
    const error = await errorOf(select(from('flights'), 'uper(origin)'));
    expect(error.code).toBe('UNRESOLVED_ROUTINE');
    expect(error.candidates).toContain('upper');
    expect(error.message).toContain("in Project [uper('origin)]");
  });

  test('constant arguments may be constant expressions', async () => {
    expect(await schema(select(from('flights'), 'round(delay, 1 - 2) as r'))).toBe('struct<r:bigint>');
  });

  test('casts that make no sense are refused', async () => {
    expect((await errorOf(select(from('flights'), 'cast(day as int)'))).code).toBe(
      'DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION',
    );
  });
});

describe('columns', () => {
  const frame = from('airports');

  test('withColumn replaces in place, adds at the end and merges', async () => {
    const plan = b.withColumn(b.withColumn(b.withColumn(frame, 'n', e('1')), 'CITY', e('upper(city)')), 'm', e('2'));
    expect(plainText(await resolved(plan))).toBe(
      'Project [code, upper(city) AS CITY, state, 1 AS n, 2 AS m]\n+- Scan fake airports [code, city, state]',
    );
  });

  test('columns that build on each other stand in projections of their own', async () => {
    const plan = b.withColumn(b.withColumn(frame, 'n', e('1')), 'm', e('n + 1'));
    expect(plainText(await resolved(plan)).split('\n')).toHaveLength(3);
  });

  test('columns given at once do not see each other', async () => {
    const plan = b.withColumns(frame, [
      { name: 'n', expr: e('1') },
      { name: 'm', expr: e('n + 1') },
    ]);
    expect((await errorOf(plan)).code).toBe('UNRESOLVED_COLUMN');
  });

  test('drop, rename and toDF', async () => {
    expect(await names(b.drop(frame, [b.column('City'), b.column('nothing')]))).toEqual(['code', 'state']);
    expect(await names(b.rename(frame, { CITY: 'town', nothing: 'x' }))).toEqual(['code', 'town', 'state']);
    expect(await names(b.toNames(frame, ['a', 'b', 'c']))).toEqual(['a', 'b', 'c']);
    expect((await errorOf(b.toNames(frame, ['a']))).code).toBe('ASSIGNMENT_ARITY_MISMATCH');
  });

  test('stars, of one side too', async () => {
    const joined = b.join(as(frame, 'a'), as(from('states'), 's'), 'cross');
    expect(await names(b.project(joined, [b.star('s'), b.column('a.city')]))).toEqual(['abbr', 'name', 'city']);
    expect((await errorOf(b.project(joined, [b.star('x')]))).code).toBe('CANNOT_RESOLVE_STAR_EXPAND');
  });

  test('struct fields are taken by dots, or refused with what there is', async () => {
    const nested: Schema = structType([
      field('s', structType([field('x', int32Type), field('y', stringType)])),
      field('l', arrayType(int32Type)),
    ]);
    const own = new FakeCatalog().add('nested', nested);
    const error = await errorOf(select(from('nested'), 's.z'), own);
    expect([error.code, error.candidates]).toEqual(['FIELD_NOT_FOUND', ['x', 'y']]);
    expect(await names(select(from('nested'), 's.x', 's.Y'), own)).toEqual(['x', 'Y']);
    expect((await errorOf(select(from('nested'), 'l.x'), own)).code).toBe('INVALID_EXTRACT_BASE_FIELD_TYPE');
  });
});

describe('joins', () => {
  const left = b.toNames(from('airports'), ['k', 'x', 'y']);
  const right = b.toNames(from('states'), ['k', 'z']);

  test.each([
    ['inner', ['k', 'x', 'y', 'z']],
    ['left', ['k', 'x', 'y', 'z']],
    ['right', ['k', 'x', 'y', 'z']],
    ['full', ['k', 'x', 'y', 'z']],
    ['semi', ['k', 'x', 'y']],
    ['anti', ['k', 'x', 'y']],
  ] as const)('using, %s', async (how, wanted) => {
    expect(await names(b.usingJoin(left, right, ['k'], how))).toEqual(wanted);
  });

  test('the key of a full join is whichever is there; of a right one the right', async () => {
    expect(plainText(await resolved(b.usingJoin(left, right, ['k'], 'full')))).toContain('coalesce(k, k) AS k');
    const plan = await resolved(b.usingJoin(left, right, ['k'], 'right'));
    expect(outputOf(plan)[0]?.nullable).toBe(false);
  });

  test('a key that is not there is an error that says where', async () => {
    const error = await errorOf(b.usingJoin(left, right, ['q']));
    expect([error.code, error.message]).toEqual([
      'UNRESOLVED_USING_COLUMN_FOR_JOIN',
      expect.stringContaining('the left side'),
    ]);
  });

  test('outer joins make the other side nullable', async () => {
    const plan = await resolved(joinOn(from('airports'), from('states'), 'state = abbr', 'left'));
    expect(outputOf(plan).map((a) => a.nullable)).toEqual([false, true, true, true, true]);
  });
});

describe('unions', () => {
  test('widen types, keep the first names, and refuse other widths', async () => {
    const plan = b.union([
      select(from('flights'), 'distance as d', 'origin'),
      select(from('flights'), 'delay', 'dest'),
    ]);
    expect(await schema(plan)).toBe('struct<d:bigint,origin:string>');
    expect((await errorOf(b.union([from('flights'), from('airports')]))).code).toBe('NUM_COLUMNS_MISMATCH');
  });

  test('by name, with missing columns as nulls', async () => {
    const [one, two] = [select(from('airports'), 'code', 'city'), select(from('airports'), 'state', 'code')];
    expect(await names(b.union([one, two], true, true))).toEqual(['code', 'city', 'state']);
    const error = await errorOf(b.union([one, two], true));
    expect([error.code, error.hint]).toEqual(['UNRESOLVED_COLUMN', expect.stringContaining('allowMissingColumns')]);
  });

  test('INTERSECT and EXCEPT are joins that take nulls for equal', async () => {
    const side = select(from('airports'), 'city');
    expect(plainText(await resolved(b.setOperation(side, side, 'intersect')))).toMatch(
      /^Distinct\n\+- Join LeftSemi, \(city <=> city\)/,
    );
    expect(plainText(await resolved(b.setOperation(side, side, 'except', true)))).toContain('row_number()');
  });
});

describe('aggregates', () => {
  test('grouping expressions may be used in outputs', async () => {
    const plan = b.aggregate(from('flights'), [e('delay % 10')], [e('delay % 10'), e('(delay % 10) + count(*) as n')]);
    expect(planText(await resolved(plan)).split('\n')[0]).toBe(
      'Aggregate [(delay#1 % CAST(10 AS BIGINT)) AS (delay % 10)#2], [(delay % 10)#2 AS (delay % 10)#3, ((delay % 10)#2 + count(1)) AS n#4]'.replace(
        'CAST(10 AS BIGINT)',
        '10',
      ),
    );
  });

  test('a column that is neither grouped nor aggregated is an error', async () => {
    const error = await errorOf(by(from('flights'), ['origin'], 'delay + 1'));
    expect([error.code, error.candidates]).toEqual(['MISSING_AGGREGATION', ['origin']]);
  });

  test('an aggregate in an aggregate, a filter or a grouping is an error', async () => {
    expect((await errorOf(by(from('flights'), ['origin'], 'sum(count(*))'))).code).toBe('NESTED_AGGREGATE_FUNCTION');
    expect((await errorOf(where(from('flights'), 'count(*) > 1'))).code).toBe('INVALID_WHERE_CONDITION');
    expect((await errorOf(by(from('flights'), ['count(*)']))).code).toBe('GROUP_BY_AGGREGATE');
  });

  test('a select list of aggregates is one group over everything', async () => {
    expect(plainText(await resolved(select(from('flights'), 'sum(delay) as s'))).split('\n')[0]).toBe(
      'Aggregate [], [sum(delay) AS s]',
    );
  });

  test('dropDuplicates keeps the first of the other columns', async () => {
    expect(plainText(await resolved(b.dropDuplicates(from('airports'), ['state']))).split('\n')[0]).toBe(
      'Aggregate [state], [first(code) AS code, first(city) AS city, state]',
    );
    expect(plainText(await resolved(b.dropDuplicates(from('airports'), []))).split('\n')[0]).toBe('Distinct');
  });
});

describe('windows', () => {
  test('one node for each partitioning and ordering', async () => {
    const plan = select(
      from('flights'),
      'rank() over (partition by origin order by delay) as r',
      'sum(delay) over (partition by origin order by delay) as s',
      'count(*) over (partition by dest) as n',
    );
    const text = plainText(await resolved(plan));
    expect(text.split('\n').filter((line) => line.includes('Window ['))).toHaveLength(2);
    expect(text.split('\n')[0]).toBe('Project [_w0 AS r, _w1 AS s, _w2 AS n]');
  });

  test('over aggregates they stand above the grouping', async () => {
    const text = plainText(
      await resolved(by(from('flights'), ['origin'], 'rank() over (order by sum(delay) desc) as r')),
    );
    expect(text.split('\n').map((line) => line.trim().replace(/^\+- /, '').split(' ')[0])).toEqual([
      'Project',
      'Window',
      'Aggregate',
      'Scan',
    ]);
  });

  test('RANGE bounds are in the units of the key', async () => {
    const week = "sum(delay) over (order by day range between interval '7' day preceding and current row) as s";
    expect(plainText(await resolved(select(from('flights'), week)))).toContain(
      "RANGE BETWEEN INTERVAL '7' DAY PRECEDING AND CURRENT ROW",
    );
    const errorAt = (frame: string) => errorOf(select(from('flights'), `sum(delay) over (order by ${frame})`));
    for (const frame of [
      "day range between interval '7' hour preceding and current row",
      "delay range between interval '7' day preceding and current row",
    ]) {
      expect((await errorAt(frame)).code).toBe('DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE');
    }
    expect((await errorAt('origin range between 1 preceding and current row')).code).toBe(
      'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE',
    );
    expect((await errorAt('day rows between 1 following and 1 preceding')).code).toBe(
      'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON',
    );
    expect((await errorAt('day, delay range between 1 preceding and current row')).code).toBe(
      'DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER',
    );
  });

  test('a ranking without order, or over what is no aggregate, is an error', async () => {
    expect((await errorOf(select(from('flights'), 'rank() over (partition by origin)'))).code).toBe(
      '_LEGACY_ERROR_TEMP_1037',
    );
    expect((await errorOf(select(from('flights'), 'upper(origin) over (order by delay)'))).code).toBe(
      'UNSUPPORTED_EXPR_FOR_WINDOW',
    );
  });
});

describe('sorting and filtering by columns that were projected away', () => {
  test('works as in Spark, and leaves no trace in the columns', async () => {
    const plan = sortBy(select(from('flights'), 'origin'), 'delay desc');
    expect(await names(plan)).toEqual(['origin']);
    expect(plainText(await resolved(plan))).toBe(
      [
        'Project [origin]',
        '+- Sort [delay DESC NULLS LAST], true',
        '   +- Project [origin, delay]',
        '      +- Scan fake flights [origin, dest, delay, distance, day]',
      ].join('\n'),
    );
    expect(await names(where(select(from('flights'), 'origin'), 'delay > 1'))).toEqual(['origin']);
  });

  test('but not through an aggregate or a distinct', async () => {
    expect((await errorOf(sortBy(b.distinct(select(from('flights'), 'origin')), 'delay'))).code).toBe(
      'UNRESOLVED_COLUMN',
    );
    expect((await errorOf(sortBy(by(from('flights'), ['origin']), 'delay'))).code).toBe('UNRESOLVED_COLUMN');
  });
});

describe('views, sources and what is remembered', () => {
  test('views are found in any case, and missing ones have candidates', async () => {
    const own = warehouse();
    own.views.set('delays', select(from('flights'), 'delay'));
    expect(outputOf(await resolved(b.project(b.view('DELAYS'), [e('delays.delay')]), own)).map((a) => a.name)).toEqual([
      'delay',
    ]);
    const error = await errorOf(b.view('delay'), own);
    expect([error.code, error.candidates]).toEqual(['TABLE_OR_VIEW_NOT_FOUND', ['delays']]);
  });

  test('a source is opened once for a frame, however often it is used', async () => {
    const own = warehouse();
    const frame = from('airports');
    await resolved(b.join(frame, select(frame, 'code'), 'cross'), own);
    await resolved(select(frame, 'city'), own);
    expect(own.opened).toBe(1);
  });

  test('a source that cannot be opened is tried again', async () => {
    const own = new FakeCatalog();
    const frame = from('late');
    await expect(resolved(frame, own)).rejects.toThrow('PATH_NOT_FOUND');
    own.add('late', structType([field('x', int64Type)]));
    expect(outputOf(await resolved(frame, own))).toHaveLength(1);
  });

  test('a plan is analysed once', async () => {
    const frame = select(from('airports'), 'city');
    expect(await resolved(frame)).toBe(await resolved(frame));
  });
});
