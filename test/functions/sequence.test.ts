import '../support/all-functions.js';
import { describe, test } from 'vitest';
import {
  arrayType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  int32Type,
  int64Type,
  type Scalar,
  timestampNtzType,
  timestampType,
  yearMonthIntervalType,
} from '../../src/base/index.js';
import type { PhysicalExpr } from '../../src/functions/expression.js';
import { expectSame } from '../support/compare-modes.js';
import { settings } from '../support/expression-harness.js';
import { Random } from '../support/random-scalars.js';

const HOUR = 3_600_000_000n;
const small = (random: Random, type: DataType): Scalar => {
  const n = random.below(60) - 20;
  if (type.kind === 'int32' || type.kind === 'date') return n;
  if (type.kind === 'interval_ym') return random.below(5) - 2;
  if (type.kind === 'interval_dt') return BigInt(random.below(7) - 3) * 12n * HOUR;
  return type.kind === 'int64' ? BigInt(n) : BigInt(n) * HOUR;
};

describe('sequences, compiled as interpreted', () => {
  test.each<readonly DataType[]>([
    [int32Type, int32Type],
    [int32Type, int32Type, int32Type],
    [int64Type, int64Type, int64Type],
    [dateType, dateType],
    [dateType, dateType, yearMonthIntervalType],
    [dateType, dateType, dayTimeIntervalType],
    [timestampType, timestampType, dayTimeIntervalType],
    [timestampNtzType, timestampNtzType, yearMonthIntervalType],
  ])('%j %j %j', (...types) => {
    const random = new Random(3);
    const input = types.map((type) => ({
      type,
      nullable: true,
      values: Array.from({ length: 80 }, () => (random.below(9) === 0 ? null : small(random, type))),
    }));
    const args = types.map((type, index): PhysicalExpr => ({ kind: 'column', index, type, nullable: true }));
    const returns = arrayType(types[0] as DataType, false);
    const call: PhysicalExpr = { kind: 'call', fn: 'sequence', args, type: returns, nullable: true };
    for (const timeZone of ['UTC', 'America/New_York']) expectSame(call, input, { ...settings, timeZone });
  });
});
