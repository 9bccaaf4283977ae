import { expect, test } from 'vitest';
import { dateType, field, float64Type, int32Type, int64Type, stringType, structType } from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import { explainLogical, optimizeExplained, treeString } from '../../src/plan/explain.js';
import { resolve } from '../../src/plan/resolve/resolver.js';
import { describeFake, FakeCatalog } from '../support/fake-source.js';
import { evaluatePlan } from '../support/naive-evaluator.js';

const settings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };
const flights = structType([field('origin', stringType), field('delay', int64Type), field('distance', int64Type), field('d', dateType)]);
const airports = structType([field('origin', stringType, false), field('city', stringType)]);
const lit = (v: number) => b.literal(int32Type, v);

test('smoke', async () => {
  const catalog = new FakeCatalog()
    .add('flights', flights, [['SEA', 20n, 100n, 10000], ['SFO', 3n, 5n, 10001], ['SEA', 40n, 7n, 10002], [null, 50n, 7n, 9000]])
    .add('airports', airports, [['SEA', 'Seattle'], ['LAX', 'LA']]);
  const f = b.read(describeFake('flights'));
  const a = b.read(describeFake('airports'));
  const plan = b.limit(b.sort(
    b.usingJoin(
      b.aggregate(
        b.filter(f, b.call('and', b.call('gt', b.column('delay'), lit(15)), b.call('le', b.column('d'), b.literal(stringType, '1998-09-02')))),
        [b.column('origin')],
        [b.column('origin'), b.alias(b.call('count', b.star()), 'n'), b.call('avg', b.column('delay')), b.aggregateCall('count', [b.column('distance')], { distinct: true })],
      ), a, ['origin'], 'left'),
    [b.sortOrder(b.column('n'), true)]), 10);
  const analyzed = await resolve(plan, catalog, settings);
  const explained = optimizeExplained(plan, analyzed, settings);
  console.log(explainLogical(explained, 'extended'));
  console.log(explainLogical(explained, 'cost'));
  console.log(explainLogical(explained, 'formatted'));
  console.log(evaluatePlan(analyzed, settings), evaluatePlan(explained.optimized, settings));
  expect(evaluatePlan(explained.optimized, settings)).toEqual(evaluatePlan(analyzed, settings));
  void treeString; void float64Type;
});
