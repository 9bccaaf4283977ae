import '../support/all-functions.js';
import { describe, expect, test } from 'vitest';
import { type DataType, decimalType, SparrowError, simpleString } from '../../src/base/index.js';
import type { ArgType, FunctionEntry } from '../../src/functions/define.js';
import { functions } from '../../src/functions/families/all.js';
import { findFunction, resolveCall } from '../../src/functions/registry.js';
import { commonType } from '../../src/functions/signature.js';

const ansi = { ansi: true };
const arg = (type: DataType): ArgType => ({ type, nullable: true });
const int: DataType = { kind: 'int32' };
const bigint: DataType = { kind: 'int64' };
const double: DataType = { kind: 'float64' };
const string: DataType = { kind: 'string' };
const date: DataType = { kind: 'date' };

describe('the registry', () => {
  const entries = Object.entries(functions) as [string, FunctionEntry][];

  test('names every entry by its key', () => {
    expect(entries.filter(([key, entry]) => entry.name !== key)).toEqual([]);
  });

  test('gives every entry an SQL name and a sentence', () => {
    expect(
      entries.filter(([, entry]) => entry.sql.length === 0 || !entry.summary.endsWith('.')).map(([key]) => key),
    ).toEqual([]);
  });

  test('has no SQL name twice', () => {
    const names = entries.flatMap(([, entry]) => entry.sql.map((name) => name.toLowerCase()));
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test('finds names in any case, by SQL and by API name', () => {
    expect(findFunction('COUNT_IF')).toBe(functions.countIf);
    expect(findFunction('countIf')).toBe(functions.countIf);
  });

  test('says what comes near an unknown name', () => {
    const error = catchError(() => findFunction('coalesc'));
    expect(error.code).toBe('UNRESOLVED_ROUTINE');
    expect(error.candidates[0]).toBe('coalesce');
  });

  test('says why a call does not type', () => {
    const error = catchError(() => resolveCall('add', [arg(date), arg(date)], ansi));
    expect(error.code).toBe('DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE');
    expect(error.message).toContain('DATE and DATE');
    expect(catchError(() => resolveCall('abs', [], ansi)).code).toBe('WRONG_NUM_ARGS.WITHOUT_SUGGESTION');
  });
});

function catchError(run: () => unknown): SparrowError {
  try {
    run();
  } catch (error) {
    if (error instanceof SparrowError) return error;
  }
  throw new Error('no SparrowError');
}

describe('types of arithmetic', () => {
  const typeOf = (name: string, ...args: ArgType[]): string =>
    simpleString(resolveCall(name, args, ansi).resolution.returns);

  test.each<[string, ArgType[], string]>([
    ['add', [arg(int), arg(bigint)], 'bigint'],
    ['add', [arg(int), arg({ kind: 'float32' })], 'double'],
    ['add', [arg(decimalType(12, 2)), arg(decimalType(10, 4))], 'decimal(15,4)'],
    ['add', [arg(decimalType(38, 10)), arg(decimalType(38, 2))], 'decimal(38,6)'],
    ['mul', [arg(decimalType(12, 2)), arg(decimalType(12, 2))], 'decimal(25,4)'],
    ['div', [arg(int), arg(int)], 'double'],
    ['div', [arg(decimalType(12, 2)), arg(decimalType(12, 2))], 'decimal(27,15)'],
    ['div', [arg(decimalType(12, 2)), arg(double)], 'double'],
    ['mod', [arg(decimalType(12, 2)), arg(decimalType(5, 4))], 'decimal(5,4)'],
    ['intDiv', [arg(decimalType(12, 2)), arg(int)], 'bigint'],
    ['add', [arg(date), arg(int)], 'date'],
    ['sub', [arg(date), arg(date)], 'interval day'],
    ['sum', [arg(int)], 'bigint'],
    ['sum', [arg(decimalType(12, 2))], 'decimal(22,2)'],
    ['avg', [arg(decimalType(12, 2))], 'decimal(16,6)'],
    ['avg', [arg(int)], 'double'],
  ])('%s', (name, args, wanted) => {
    expect(typeOf(name, ...args)).toBe(wanted);
  });

  test('a literal integer counts only its digits beside a decimal', () => {
    expect(typeOf('sub', { type: int, nullable: false, literal: 1 }, arg(decimalType(12, 2)))).toBe('decimal(13,2)');
  });
});

describe('the common type', () => {
  test.each<[DataType, DataType, string | undefined]>([
    [int, bigint, 'bigint'],
    [int, { kind: 'float32' }, 'double'],
    [int, decimalType(5, 2), 'decimal(12,2)'],
    [double, decimalType(5, 2), 'double'],
    [string, int, 'bigint'],
    [string, date, 'date'],
    [date, { kind: 'timestamp' }, 'timestamp'],
    [{ kind: 'null' }, string, 'string'],
    [{ kind: 'boolean' }, int, undefined],
  ])('of %o and %o', (a, b, wanted) => {
    expect(commonType(a, b) && simpleString(commonType(a, b) as DataType)).toBe(wanted);
    expect(commonType(b, a) && simpleString(commonType(b, a) as DataType)).toBe(wanted);
  });
});
