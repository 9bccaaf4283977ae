import '../support/all-functions.js';
import { describe, test } from 'vitest';
import {
  arrayType,
  type DataType,
  field,
  int32Type,
  int64Type,
  type Scalar,
  structType,
} from '../../src/base/index.js';
import type { PhysicalExpr } from '../../src/functions/expression.js';
import { expectSame } from '../support/compare-modes.js';
import { settings } from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { pool } from '../support/signatures.js';

const ROWS = 60;
const column = (index: number, type: DataType): PhysicalExpr => ({ kind: 'column', index, type, nullable: true });
const valuesOf = (type: DataType, random: Random): Scalar[] =>
  Array.from({ length: ROWS }, () =>
    type.kind === 'null' || random.below(5) === 0 ? null : randomScalar(type, random, true),
  );

describe('reaching into the encoding, compiled as by decoding it', () => {
  test('every field of structs of random types', () => {
    const random = new Random(7);
    for (let round = 0; round < 20; round++) {
      const types = Array.from({ length: 1 + random.below(12) }, () => random.pick(pool));
      const struct = structType(types.map((type, i) => field(`f${i}`, type)));
      const columns = types.map((type) => valuesOf(type, random));
      const values = Array.from(
        { length: ROWS },
        (_, row): Scalar => (random.below(8) === 0 ? null : columns.map((c) => c[row] as Scalar)),
      );
      for (const [i, type] of types.entries()) {
        const name: PhysicalExpr = { kind: 'literal', type: { kind: 'string' }, value: `f${i}` };
        const call: PhysicalExpr = {
          kind: 'call',
          fn: 'getField',
          args: [column(0, struct), name],
          type,
          nullable: true,
        };
        expectSame(call, [{ type: struct, values, nullable: true }]);
      }
    }
  });

  test.each(['getItem', 'get', 'elementAt', 'tryElementAt'])('%s of arrays of every type', (fn) => {
    const random = new Random(9);
    for (const type of pool) {
      const array = arrayType(type);
      const values = Array.from(
        { length: ROWS },
        (): Scalar => (random.below(8) === 0 ? null : valuesOf(type, random).slice(0, random.below(12))),
      );
      for (const indexType of fn === 'getItem' ? [int32Type, int64Type] : [int32Type]) {
        const index = Array.from({ length: ROWS }, () => {
          const at = random.below(20) - 8;
          return indexType.kind === 'int64' ? (random.below(9) === 0 ? 2n ** 33n + 1n : BigInt(at)) : at;
        });
        const args = [column(0, array), column(1, indexType)];
        const input = [
          { type: array, values, nullable: true },
          { type: indexType, values: index, nullable: true },
        ];
        for (const ansi of [true, false])
          expectSame({ kind: 'call', fn, args, type, nullable: true }, input, { ...settings, ansi });
      }
    }
  });
});
