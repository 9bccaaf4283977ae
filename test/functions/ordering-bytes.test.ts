import { describe, expect, test } from 'vitest';
import { arrayType, type DataType, field, structType } from '../../src/base/index.js';
import { compareScalars } from '../../src/functions/compare-scalars.js';
import { orderingBytes } from '../../src/functions/ordering-bytes.js';
import { isOrderable } from '../../src/functions/signature.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { pool } from '../support/signatures.js';

describe('ordering bytes', () => {
  const types: DataType[] = pool.filter((type) => isOrderable(type) && type.kind !== 'null');
  const nested = [...types, ...types.map((type) => arrayType(type)), structType(types.map((type) => field('f', type)))];

  test.each(nested.map((type) => [JSON.stringify(type), type] as const))('compare as values of %s', (_, type) => {
    const random = new Random(11);
    const values = Array.from({ length: 60 }, () => (random.below(9) === 0 ? null : randomScalar(type, random, true)));
    for (const a of values) {
      for (const b of values) {
        const wanted = Math.sign(compareScalars(type, a, b));
        expect(Math.sign(Buffer.compare(orderingBytes(type, a), orderingBytes(type, b)))).toBe(wanted);
      }
    }
  });
});
