import {
  dateType,
  field,
  int32Type,
  int64Type,
  stringType,
  structType,
  type TableStatistics,
} from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import type { Expr, SortOrder } from '../../src/plan/expr.js';
import type { JoinType, Plan } from '../../src/plan/node.js';
import { parseExpression } from '../../src/sql/expression-parser.js';
import { describeFake, FakeCatalog } from './fake-source.js';

/** Short ways to write plans in tests: expressions as SQL text. */
export const e = (text: string): Expr => parseExpression(text);
const order = (text: string): SortOrder => {
  const match = /^(.*?)( desc)?$/.exec(text);
  return b.sortOrder(e(match?.[1] ?? text), match?.[2] !== undefined);
};

export const from = (name: string): Plan => b.read(describeFake(name));
export const select = (input: Plan, ...texts: readonly string[]): Plan => b.project(input, texts.map(e));
export const where = (input: Plan, text: string): Plan => b.filter(input, e(text));
export const by = (input: Plan, keys: readonly string[], ...outputs: readonly string[]): Plan =>
  b.aggregate(input, keys.map(e), [...keys.map(e), ...outputs.map(e)]);
export const joinOn = (left: Plan, right: Plan, text: string, how: JoinType = 'inner'): Plan =>
  b.join(left, right, how, e(text));
export const sortBy = (input: Plan, ...texts: readonly string[]): Plan => b.sort(input, texts.map(order));
export const as = (input: Plan, name: string): Plan => b.subqueryAlias(input, name);

export const flights = structType([
  field('origin', stringType),
  field('dest', stringType),
  field('delay', int64Type),
  field('distance', int32Type),
  field('day', dateType),
]);
export const airports = structType([
  field('code', stringType, false),
  field('city', stringType),
  field('state', stringType),
]);
export const states = structType([field('abbr', stringType, false), field('name', stringType)]);

const counted = (rows: number, columns: TableStatistics['columns'] = {}): TableStatistics => ({ rows, columns });

/** Three tables as a warehouse has them: one large, one small, one tiny. */
export const warehouse = (): FakeCatalog =>
  new FakeCatalog()
    .add('flights', flights, [], counted(1_000_000, { origin: { distinct: 300 }, dest: { distinct: 300 } }))
    .add('airports', airports, [], counted(300, { code: { distinct: 300 }, state: { distinct: 50 } }))
    .add('states', states, [], counted(50, { abbr: { distinct: 50 }, name: { distinct: 50 } }));
