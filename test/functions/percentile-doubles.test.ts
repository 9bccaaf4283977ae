import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishDoubles } from '../../src/functions/percentile-doubles.js';

/** Side by side, at an address of any kind. */
function recordsOf(values: readonly number[], shift: number): Uint8Array {
  const bytes = new Uint8Array(values.length * 8 + shift);
  const view = new DataView(bytes.buffer, shift);
  for (const [i, x] of values.entries()) view.setFloat64(i * 8, x, true);
  return bytes.subarray(shift);
}

const shapes = fc.oneof(
  fc.double({ noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: 0, max: 1 }),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e308, -1e308, 5e-324, 1e17),
);

test('values at places are those of sorted values', () => {
  const arbitrary = fc.oneof(
    fc.array(shapes, { minLength: 1, maxLength: 300 }),
    fc.array(fc.double({ min: -50, max: 1000 }), { minLength: 60, maxLength: 2500 }),
    fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 60, maxLength: 400 }),
  );
  fc.assert(
    fc.property(
      arbitrary,
      fc.boolean(),
      fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
      (given, descending, at) => {
        const values = given.map((x) => x + 0);
        const sorted = [...values].sort((a, b) =>
          Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b || 0,
        );
        if (descending) sorted.reverse();
        const places = at.map((n) => n % values.length);
        const found = finishDoubles(recordsOf(values, values.length % 3), places, descending, (all, place) =>
          all.at(place),
        );
        expect(found).toEqual(places.map((place) => sorted[place]));
      },
    ),
    { numRuns: 400 },
  );
});
