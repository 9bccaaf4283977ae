import { describe, expect, test } from 'vitest';
import { type DataType, decimalType, integerBounds, type Scalar, simpleString } from '../../src/base/index.js';
import { canCast, castNullable } from '../../src/functions/cast.js';
import type { CallExpr } from '../../src/functions/expression.js';
import { expectSame } from '../support/compare-modes.js';
import { type InputColumn, settings } from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { pool } from '../support/signatures.js';

const ROWS = 60;
const types = [...pool, decimalType(5, 0), decimalType(18, 10), decimalType(38, 0), decimalType(4, 4)];

/** Values near the target's bounds, at the source's scale, besides random ones. */
function values(from: DataType, to: DataType, random: Random): Scalar[] {
  const edges: Scalar[] = [];
  const [source, target] = [integerBounds(from), integerBounds(to)];
  if (source !== undefined && target !== undefined && typeof randomScalar(from, random) !== 'boolean') {
    const unit = (type: DataType): bigint => 10n ** BigInt(type.kind === 'decimal' ? type.scale : 0);
    for (const bound of target) {
      for (const delta of [-1n, 0n, 1n]) {
        const n = (bound * unit(from)) / unit(to) + delta;
        if (n >= source[0] && n <= source[1])
          edges.push(typeof randomScalar(from, random) === 'number' ? Number(n) : n);
      }
    }
  }
  while (edges.length < ROWS)
    edges.push(random.below(8) === 0 || from.kind === 'null' ? null : randomScalar(from, random));
  return edges;
}

const withoutAnsi = { ...settings, ansi: false, timeZone: 'America/New_York' };
const canCompare = (type: DataType): boolean => type.kind !== 'interval' && type.kind !== 'variant';

function behindNull(second: CallExpr): CallExpr {
  const args = [{ kind: 'literal', type: second.type, value: null } as const, second];
  return { kind: 'call', fn: 'eq', args, type: { kind: 'boolean' }, nullable: true };
}

describe('casts, compiled and interpreted', () => {
  const pairs = types.flatMap((from) =>
    types.filter((to) => canCast(from, to) && to.kind !== 'null').map((to) => [from, to] as const),
  );

  test('there are many', () => expect(pairs.length).toBeGreaterThan(150));

  test.each(pairs.map(([from, to]) => [simpleString(from), simpleString(to), from, to] as const))(
    '%s → %s',
    (_a, _b, from, to) => {
      for (const fn of ['cast', 'tryCast']) {
        for (const ranged of [false, true]) {
          const random = new Random(11);
          const column: InputColumn = { type: from, nullable: true, ranged, values: values(from, to, random) };
          const expr: CallExpr = {
            kind: 'call',
            fn,
            args: [{ kind: 'column', index: 0, type: from, nullable: true }],
            type: to,
            nullable: true,
          };
          expectSame(expr, [column]);
          expectSame(expr, [column], withoutAnsi);
          // Nobody computes what a null before it makes useless: it must not fail either.
          if (canCompare(to)) expectSame(behindNull(expr), [column], withoutAnsi);
        }
      }
    },
  );

  test('of doubles to decimals may be null even under ANSI', () => {
    expect(castNullable({ kind: 'float64' }, decimalType(10, 2), false, true)).toBe(true);
    expect(castNullable({ kind: 'int64' }, decimalType(10, 2), false, true)).toBe(false);
  });
});
