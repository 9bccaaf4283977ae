import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer, AnswerColumn } from '../../bench/harness/contract.js';
import { canonical, compareAnswers } from '../../bench/harness/equality.js';

const answer = (kinds: readonly AnswerColumn['kind'][], ...rows: (string | null)[][]): Answer => ({
  columns: kinds.map((kind, index) => ({ name: `c${index}`, kind })),
  rows,
});

describe('compareAnswers', () => {
  test('takes a decimal for the same whatever its trailing zeros', () => {
    expect(compareAnswers(answer(['exact'], ['1.50']), answer(['exact'], ['1.5000'])).difference).toBe('');
    expect(compareAnswers(answer(['exact'], ['100']), answer(['exact'], ['1'])).difference).not.toBe('');
    expect(compareAnswers(answer(['exact'], ['-0.00']), answer(['exact'], ['0'])).difference).toBe('');
  });

  test('takes text as it is, even when it looks like a number', () => {
    expect(compareAnswers(answer(['text'], ['1.50']), answer(['text'], ['1.5'])).difference).toContain('row 0, c0');
  });

  test('is exact about exact numbers a double could not tell apart', () => {
    const [ours, theirs] = [answer(['exact'], ['9007199254740993']), answer(['exact'], ['9007199254740992'])];
    expect(compareAnswers(ours, theirs).difference).toBe('row 0, c0: 9007199254740993 instead of 9007199254740992');
  });

  test('allows doubles the relative tolerance and no more', () => {
    expect(compareAnswers(answer(['double'], ['1e12']), answer(['double'], ['1000000000000.5'])).difference).toBe('');
    expect(compareAnswers(answer(['double'], ['1']), answer(['double'], ['1.00000000001'])).difference).not.toBe('');
    expect(compareAnswers(answer(['double'], ['NaN']), answer(['double'], ['NaN'])).difference).toBe('');
    expect(compareAnswers(answer(['double'], ['Infinity']), answer(['double'], ['-Infinity'])).difference).not.toBe('');
  });

  test('takes a decimal for a double that rounds to it, and not for its neighbour', () => {
    const double = answer(['double'], ['25.522005853257337']);
    expect(compareAnswers(answer(['exact'], ['25.522006']), double).difference).toBe('');
    expect(compareAnswers(answer(['exact'], ['25.522007']), double).difference).not.toBe('');
  });

  test('tells null from everything else', () => {
    expect(compareAnswers(answer(['text'], [null]), answer(['text'], [''])).difference).not.toBe('');
    expect(compareAnswers(answer(['double'], [null]), answer(['double'], ['NaN'])).difference).not.toBe('');
    expect(compareAnswers(answer(['exact'], [null]), answer(['exact'], [null])).difference).toBe('');
  });

  test('counts rows and columns', () => {
    expect(compareAnswers(answer(['exact']), answer(['exact'], ['1'])).difference).toBe('0 rows instead of 1');
    expect(compareAnswers(answer(['exact', 'text']), answer(['exact'])).difference).toBe('2 columns instead of 1');
  });

  test('finds the same rows in any order, and says that the order is another', () => {
    const row = fc.tuple(fc.option(fc.integer().map(String)), fc.option(fc.string()));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (rows, keys) => {
        const shuffled = rows.map((entry) => ({ entry, key: keys.next().value })).sort((x, y) => x.key - y.key);
        const [ours, theirs] = [rows, shuffled.map(({ entry }) => entry)].map((some) =>
          answer(['exact', 'text'], ...some),
        );
        const { difference, order } = compareAnswers(ours as Answer, theirs as Answer);
        const sameOrder = JSON.stringify(ours?.rows) === JSON.stringify(theirs?.rows);
        return difference === '' && (order === 'same' || !sameOrder);
      }),
    );
  });
});

test('canonical text keeps the value of every decimal', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.nat({ max: 10 }), (unscaled, scale) => {
      const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
      const sign = unscaled < 0n ? '-' : '';
      const text = scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
      const short = canonical(text);
      const [whole = '', fraction = ''] = short.replace('-', '').split('.');
      const back = BigInt(whole + fraction.padEnd(scale, '0')) * (short.startsWith('-') ? -1n : 1n);
      return back === unscaled && !/\.\d*0$|\.$/.test(short);
    }),
  );
});
