import { expect, test } from 'vitest';
import { evaluate } from '../../src/functions/evaluate.js';
import { liftLiterals, runCompiled } from './compiled.js';
import { parseSql, UTC } from './spark-text.js';

const ROUNDS = 30;
const TEXTS = ['a', 'b', 'ab', 'é', '😀', ' ', 'aa', 'abcdefghijklmnop', 'x', 'ß'];
const PATTERNS = ['%', '_', 'a', 'b', 'é', '😀', 'ab', 'aa', 'abc', ' '];

let state = 42;
const below = (n: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const made = (parts: readonly string[], most: number): string =>
  Array.from({ length: below(most) }, () => parts[below(parts.length)]).join('');

/** Calls whose first argument becomes the column. */
const calls = (): string[] => {
  const [position, length] = [below(12) - 6, below(8) - 2];
  const some = made(TEXTS, 3);
  const pattern = made(PATTERNS, 7);
  return [
    `like('', '${pattern}')`,
    `ilike('', '${pattern.toUpperCase()}')`,
    `substring('', ${position}, ${length})`,
    `substring('', ${position})`,
    `left('', ${length})`,
    `right('', ${length})`,
    ...['contains', 'startswith', 'endswith', 'instr', 'concat'].map((name) => `${name}('', '${some}')`),
    ...['trim', 'ltrim', 'rtrim', 'upper', 'lower', 'length', 'ascii'].map((name) => `${name}('')`),
  ];
};

test('text functions mean the same compiled and interpreted', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const rows = Array.from({ length: 30 }, () => [made(TEXTS, 9)]);
    for (const sql of calls()) {
      const { expr } = liftLiterals(parseSql(sql), (i) => i === 0);
      const { values, failed } = runCompiled(expr, rows, UTC);
      expect(failed, sql).toBe(false);
      expect(values, sql).toEqual(rows.map((row) => evaluate(expr, row, UTC)));
    }
  }
});
