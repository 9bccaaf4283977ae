import { describe, expect, test } from 'vitest';
import { Column, type ColumnBase } from '../../src/api/column.js';
import { col, expr, fn, lit, when } from '../../src/api/functions.js';
import type { LiteralValue } from '../../src/api/literal.js';
import { Session } from '../../src/api/session.js';
import { StorageLevel } from '../../src/api/storage-level.js';
import { t } from '../../src/api/types.js';
import { Window } from '../../src/api/window.js';
import type { Expr } from '../../src/plan/expr.js';
import type { Plan } from '../../src/plan/node.js';
import { sqlText } from '../../src/plan/sql-text.js';
import { FakeEngine } from './fake-engine.js';

const engine = new FakeEngine();
const session = await Session.create({}, engine.create);
const orders = session.read
  .schema({ id: t.int64, price: t.decimal(12, 2), qty: t.int32, note: t.string, at: t.timestamp })
  .parquet('orders.parquet');
const users = session.read.schema({ id: t.int64, name: t.string }).option('header', true).csv('users.csv');

const text = (column: ColumnBase | Expr): string => sqlText('expr' in column ? column.expr : column);
const argsOf = ({ expr }: ColumnBase): readonly Expr[] => (expr.kind === 'unresolved_call' ? expr.args : []);
/** The plan without the ids that differ from run to run. */
function shape(plan: Plan): unknown {
  return JSON.parse(
    JSON.stringify(plan, (key, value: unknown) =>
      key === 'planId' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
    ),
  ) as unknown;
}

describe('columns', () => {
  test.each([
    [col('a').add(1), "('a + 1)"],
    [col('a').sub(col('b')).mul(2).div(3).mod(4), "(((('a - 'b) * 2) / 3) % 4)"],
    [col('a').neg(), "(- 'a)"],
    [col('a').eq('x'), "('a = 'x')"],
    [col('a').ne(1), "(NOT ('a = 1))"],
    [col('a').eqNullSafe(null), "('a <=> NULL)"],
    [col('a').between(1, 9), "(('a >= 1) AND ('a <= 9))"],
    [col('a').isin(1, 2), "('a IN (1, 2))"],
    [col('a').isin([1, 2]), "('a IN (1, 2))"],
    [col('a').gt(1).and(col('b').isNull()).or(col('c').not()), "((('a > 1) AND ('b IS NULL)) OR (NOT 'c))"],
    [col('a').like('x%'), "'a LIKE 'x%'"],
    [col('a').cast('bigint'), "CAST('a AS BIGINT)"],
    [col('a').tryCast(t.decimal(5, 2)), "TRY_CAST('a AS DECIMAL(5,2))"],
    [col('a').as('b'), "'a AS b"],
    [col('a').asc(), "'a ASC NULLS FIRST"],
    [col('a').desc(), "'a DESC NULLS LAST"],
    [col('a').ascNullsLast(), "'a ASC NULLS LAST"],
    [col('a').descNullsFirst(), "'a DESC NULLS FIRST"],
    [col('ship').getField('city'), "'ship.`city`"],
    [lit(1).add(2n), '(1 + 2)'],
    [expr('a + 1'), "'expr(a + 1)"],
    [fn.count(), 'count(1)'],
    [fn.count('*'), 'count(1)'],
    [fn.sum('a'), "sum('a)"],
    [fn.countDistinct('a', 'b'), "count(DISTINCT 'a, 'b)"],
    [fn.dateTrunc('hour', 'at'), "date_trunc('hour', 'at)"],
    [fn.date_trunc('hour', 'at'), "date_trunc('hour', 'at)"],
  ] as const)('%s', (column, expected) => {
    expect(text(column as ColumnBase)).toBe(expected);
  });

  test('are frozen data and print as Spark prints them', () => {
    const column = col('delay').gt(15);
    expect(Object.isFrozen(column)).toBe(true);
    expect(Object.isFrozen(column.expr)).toBe(true);
    expect(`${column}`).toBe('(delay > 15)');
  });

  test('refuse to be JavaScript values', () => {
    expect(() => Number(col('a'))).toThrow(/CANNOT_CONVERT_COLUMN_INTO_BOOL/);
    expect(() => (col('a') as unknown as number) + 1).toThrow(/use its methods: \.add\(\)/);
    expect(() => col('a').eq(undefined as never)).toThrow(/NOT_COLUMN_OR_STR.*for SQL NULL pass null/);
    expect(() => col('a').gt({} as never)).toThrow(/an object of Object is not a literal/);
    expect(() => col('a').cast('integr' as never)).toThrow(/UNSUPPORTED_DATATYPE.*Did you mean: integer/);
  });

  test('literals have the types Spark gives them', () => {
    const typeOf = (value: LiteralValue): string => {
      const { expr } = lit(value);
      return expr.kind === 'literal' ? `${expr.type.kind} ${String(expr.value)}` : expr.kind;
    };
    expect(typeOf(1)).toBe('int32 1');
    expect(typeOf(2 ** 31)).toBe('int64 2147483648');
    expect(typeOf(1.5)).toBe('float64 1.5');
    expect(typeOf(-0)).toBe('float64 0');
    expect(typeOf(1e20)).toBe('float64 100000000000000000000');
    expect(typeOf(1n)).toBe('int64 1');
    expect(typeOf(10n ** 20n)).toBe('decimal 100000000000000000000');
    expect(typeOf('x')).toBe('string x');
    expect(typeOf(null)).toBe('null null');
    expect(typeOf(true)).toBe('boolean true');
    expect(typeOf(new Date(5))).toBe('timestamp 5000');
    expect(typeOf(new Uint8Array([1]))).toBe('binary 1');
    expect(text(lit('0.05', t.decimal(5, 2)))).toBe("CAST('0.05' AS DECIMAL(5,2))");
    expect(() => lit(new Date(Number.NaN))).toThrow(/invalid Date/);
    expect(() => lit(10n ** 40n)).toThrow(/ARITHMETIC_OVERFLOW/);
  });

  test('CASE grows branch by branch', () => {
    const size = when(col('qty').gt(10), 'many').when(col('qty').gt(1), 'some');
    expect(size.expr).toMatchObject({ kind: 'unresolved_call', name: 'when' });
    expect(argsOf(size)).toHaveLength(4);
    expect(argsOf(size.otherwise('one'))).toHaveLength(5);
    expect(argsOf(size)).toHaveLength(4);
  });

  test('windows', () => {
    const byUser = Window.partitionBy('user').orderBy(col('at').desc());
    expect(fn.rowNumber().over(byUser).expr).toMatchObject({
      kind: 'window_call',
      spec: {
        partitionBy: [{ name: 'user' }],
        orderBy: [{ kind: 'sort_order', descending: true, nullsFirst: false }],
      },
    });
    expect(byUser.spec.frame).toBeUndefined();
    expect(byUser.rowsBetween(Window.unboundedPreceding, Window.currentRow).spec.frame).toEqual({
      unit: 'rows',
      start: { kind: 'unbounded_preceding' },
      end: { kind: 'current_row' },
    });
    expect(byUser.rangeBetween(-6, 2).spec.frame).toEqual({
      unit: 'range',
      start: { kind: 'offset', offset: -6 },
      end: { kind: 'offset', offset: 2 },
    });
    expect(() => byUser.rowsBetween(1, 0)).toThrow(/ends before it starts/);
  });
});

describe('frames', () => {
  test('read describes the source', () => {
    expect(shape(users.plan)).toEqual({
      kind: 'read',
      description: {
        format: 'csv',
        paths: ['users.csv'],
        options: { header: 'true' },
        schema: {
          kind: 'struct',
          fields: [
            { name: 'id', type: { kind: 'int64' }, nullable: true },
            { name: 'name', type: { kind: 'string' }, nullable: true },
          ],
        },
      },
    });
    expect(session.read.parquet(new URL('file:///data/a%20b.parquet')).plan).toMatchObject({
      description: { paths: ['/data/a b.parquet'] },
    });
    expect(() => session.read.parquet()).toThrow(/needs a path/);
  });

  test('the plan a chain builds', () => {
    const worst = orders
      .filter(col('qty').gt(15))
      .groupBy('note')
      .agg(fn.count().as('n'), fn.avg('qty').as('mean'))
      .join(users.select(col('name').as('note')), 'note', 'left')
      .orderBy(col('mean').desc())
      .limit(10);
    const kinds: string[] = [];
    for (
      let node: Plan | undefined = worst.plan;
      node;
      node = 'input' in node ? node.input : 'left' in node ? node.left : undefined
    ) {
      kinds.push(node.kind);
      expect(Object.isFrozen(node)).toBe(true);
    }
    expect(kinds).toEqual(['limit', 'sort', 'using_join', 'aggregate', 'filter', 'read']);
    expect(worst.plan).toMatchObject({
      limit: 10,
      input: { orders: [{ descending: true }], input: { how: 'left', columns: ['note'] } },
    });
  });

  test('aggregates list the grouping columns first', () => {
    const plan = orders.groupBy('note').agg({ qty: 'sum', '*': 'count' }).plan;
    expect(plan.kind === 'aggregate' && plan.output.map((e) => text(e))).toEqual(["'note", "sum('qty)", 'count(1)']);
    const by = orders.groupBy('note').agg(($) => ({ least: fn.min($.at) })).plan;
    expect(by.kind === 'aggregate' && by.output.map((e) => text(e))).toEqual(["'note", "min('at) AS least"]);
    // Which columns are numbers is known when their types are: the names are tested with an engine.
    const all = orders.groupBy('note').sum().plan;
    expect(all.kind === 'aggregate' && all.output.map((e) => text(e))).toEqual(["'note", '*']);
  });

  test('select takes names, columns, lists, objects and functions', () => {
    const plan = orders.select('id', ['note'], { n: col('qty') }, ($) => $.price, col('qty').cast('string')).plan;
    expect(plan.kind === 'project' && plan.exprs.map((e) => text(e))).toEqual([
      "'id",
      "'note",
      "'qty AS n",
      "'price",
      "CAST('qty AS STRING) AS qty",
    ]);
    expect(shape(orders.select('*').plan)).toMatchObject({ exprs: [{ kind: 'unresolved_star' }] });
    expect(() => orders.select(5 as never)).toThrow(/number 5 is neither a column nor a column's name/);
  });

  test('names with dots and backquotes are protected', () => {
    expect(session.table('t').select(($) => $['a.b'] as ColumnBase).plan).toMatchObject({ exprs: [{ name: '`a.b`' }] });
    expect(session.table('t').drop('a.b').plan).toMatchObject({ columns: [{ name: '`a.b`' }] });
  });

  test('joins', () => {
    expect(orders.join(users, ['id'], 'outer').plan).toMatchObject({
      kind: 'using_join',
      how: 'full',
      columns: ['id'],
    });
    expect(orders.join(users).plan).toMatchObject({ kind: 'join', how: 'inner' });
    expect(orders.crossJoin(users).plan).toMatchObject({ kind: 'join', how: 'cross' });
    const self = orders.join(orders.filter('qty > 1'), (a, b) => a.id.eq(b.id));
    const { plan } = self;
    if (plan.kind !== 'join' || plan.condition?.kind !== 'unresolved_call') throw new Error('a join is expected');
    const [left, right] = plan.condition.args as readonly { planId?: number }[];
    expect(left?.planId).toBe(plan.left.planId);
    expect(right?.planId).toBe(plan.right.planId);
    expect(() => orders.join(users, 'id', 'lefty' as never)).toThrow(/UNSUPPORTED_JOIN_TYPE.*Did you mean: left/);
    expect(() => orders.join({} as never, 'id')).toThrow(/a DataFrame is needed/);
  });

  test('the other verbs', () => {
    expect(orders.withColumn('x', lit(1)).plan).toMatchObject({ kind: 'with_columns', columns: [{ name: 'x' }] });
    expect(orders.withColumnRenamed('qty', 'n').plan).toMatchObject({ kind: 'rename', names: { qty: 'n' } });
    expect(orders.toDF('a', 'b', 'c', 'd', 'e').plan).toMatchObject({ kind: 'to_names' });
    expect(orders.dropDuplicates(['id']).plan).toMatchObject({ kind: 'drop_duplicates', columns: ['id'] });
    expect(orders.dropDuplicates().plan.kind).toBe('distinct');
    expect(orders.offset(3).plan).toMatchObject({ kind: 'limit', offset: 3 });
    expect(orders.orderBy('id', 'qty', { ascending: [false, true] }).plan).toMatchObject({
      orders: [
        { descending: true, nullsFirst: false },
        { descending: false, nullsFirst: true },
      ],
    });
    expect(orders.sortWithinPartitions('id').plan).toMatchObject({ kind: 'sort', local: true });
    expect(orders.sample(0.5, 7).plan).toMatchObject({
      kind: 'sample',
      fraction: 0.5,
      seed: 7,
      withReplacement: false,
    });
    expect(orders.sample(true, 2, 7).plan).toMatchObject({ kind: 'union' });
    expect(orders.repartition(4, 'id').plan).toMatchObject({ kind: 'repartition', partitions: 4, shuffle: true });
    expect(orders.repartition('id').plan).toMatchObject({ by: [{ name: 'id' }] });
    expect(orders.coalesce(1).plan).toMatchObject({ partitions: 1, shuffle: false });
    expect(orders.union(orders).plan).toMatchObject({ kind: 'union', byName: false });
    expect(orders.unionByName(users, { allowMissingColumns: true }).plan).toMatchObject({
      byName: true,
      allowMissing: true,
    });
    expect(orders.intersect(orders).plan).toMatchObject({ kind: 'set_operation', op: 'intersect', all: false });
    expect(orders.exceptAll(orders).plan).toMatchObject({ op: 'except', all: true });
    expect(orders.selectExpr('qty * 2 AS n').plan).toMatchObject({ exprs: [{ kind: 'sql_text' }] });
    expect(session.range(10).plan).toMatchObject({ kind: 'range', start: 0n, end: 10n, step: 1n });
    expect(() => orders.limit(-1)).toThrow(/whole number/);
    expect(() => orders.sample(2)).toThrow(/fraction from 0 to 1/);
    expect(() => orders.coalesce(0)).toThrow(/at least 1 partition/);
    expect(() => orders.withColumn('x', 1 as never)).toThrow(/NOT_COLUMN.*write lit/);
  });

  test('a chain of 2,000 steps is built at once and prints', () => {
    let frame = session.table('t');
    for (let i = 0; i < 2000; i++) frame = frame.withColumn(`c${i}`, col('x').add(i)) as typeof frame;
    expect(String(frame)).toMatch(/^DataFrame\[with_columns < .* < …\]$/);
  });

  test('cache marks the frame itself, and frames made from it read the cache', async () => {
    const frame = session.table('t');
    expect(frame.cache()).toBe(frame);
    expect(frame.isCached).toBe(true);
    expect(frame.storageLevel).toEqual(StorageLevel.MEMORY_AND_DISK);
    expect(frame.filter('x > 1').plan).toMatchObject({
      input: { kind: 'cached', cacheId: 1, input: { kind: 'view' } },
    });
    frame.persist(StorageLevel.DISK_ONLY);
    expect(engine.cached).toHaveLength(1);
    expect(await frame.unpersist()).toBe(frame);
    expect(engine.uncached).toEqual([1]);
    expect(frame.isCached).toBe(false);
    expect(frame.filter('x > 1').plan).toMatchObject({ input: { kind: 'view' } });
  });

  test('columns of other classes are none', () => {
    expect(new Column(col('a').expr)).toBeInstanceOf(Column);
    expect(() => orders.filter({ expr: {} } as never)).toThrow(/NOT_COLUMN/);
  });
});
