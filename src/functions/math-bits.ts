import {
  carrierOf,
  type DataType,
  int8Type,
  int32Type,
  int64Type,
  isInteger,
  type Scalar,
  SparrowError,
} from '../base/index.js';
import type { OpName } from '../wasm/index.js';
import { type ArgType, type Call, scalar } from './define.js';
import { take } from './emit.js';
import { part } from './emit-parts.js';
import { anyInt, anyInteger, only, takes } from './implicit.js';
import { commonType, wrongCount, wrongType } from './signature.js';

const widthOf = (type: DataType | undefined): 32 | 64 => (type?.kind === 'int64' ? 64 : 32);
const op = (name: string, type: DataType): OpName => `i${widthOf(type)}.${name}` as OpName;

/** Operators of two integers of their common type. */
const bitwise = (name: string, sql: string, what: 'and' | 'or' | 'xor', example: readonly [string, string]) =>
  scalar({
    name,
    sql: [sql],
    summary: `Bitwise ${what} of two integers.`,
    examples: [example],
    resolve: (args, { ansi }) => {
      const [a, b] = args;
      if (a === undefined || b === undefined || args.length > 2) return wrongCount(args.length, 2, 2);
      const texts = [a, b].filter(({ type }) => type.kind === 'string');
      if (texts.length === 2 || (texts.length === 1 && [a, b].some(({ type }) => type.kind === 'null'))) {
        return { mismatch: `${name} takes two integers`, code: 'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE' };
      }
      if (!ansi && texts.length === 1) {
        return { mismatch: `${name} takes two integers`, code: 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES' };
      }
      if (a.type.kind === 'null' && b.type.kind === 'null') return { args: [int32Type, int32Type], returns: int32Type };
      const other = (arg: ArgType, beside: ArgType): DataType => (arg.type.kind === 'null' ? beside.type : arg.type);
      const types = [anyInteger.accept(other(a, b)), anyInteger.accept(other(b, a))];
      if (types[0] === undefined) return wrongType(0, 'integral', a.type);
      if (types[1] === undefined) return wrongType(1, 'integral', b.type);
      const common = commonType(types[0], types[1]) ?? int64Type;
      return { args: [common, common], returns: common };
    },
    nulls: 'propagate',
    eval: ([x, y]) => combine(what, x as Scalar, y as Scalar),
    emit: (e, args, call) => {
      e.code.get(part(args[0])).get(part(args[1])).op(op(what, call.returns));
      return take(e, call.returns, carrierOf(call.returns));
    },
  });

function combine(what: 'and' | 'or' | 'xor', x: Scalar, y: Scalar): Scalar {
  if (typeof x === 'bigint' && typeof y === 'bigint') return what === 'and' ? x & y : what === 'or' ? x | y : x ^ y;
  const [a, b] = [x as number, y as number];
  return what === 'and' ? a & b : what === 'or' ? a | b : a ^ b;
}

const shiftable = only('int or bigint', (type) => type.kind === 'int64');

/** The number of bits to shift by counts modulo the width, as in Java. */
const shift = (
  name: string,
  sql: readonly string[],
  what: string,
  example: readonly [string, string],
  of: (x: bigint, by: bigint, width: 32 | 64) => bigint,
  instruction: 'shl' | 'shr_s' | 'shr_u',
) =>
  scalar({
    name,
    sql,
    summary: `The bits of an integer shifted ${what}.`,
    examples: [example],
    resolve: takes(
      [{ wants: shiftable.wants, accept: (type) => shiftable.accept(type) ?? anyInt.accept(type) }, anyInt],
      ([type]) => type ?? int32Type,
    ),
    nulls: 'propagate',
    eval: ([x, by], call) => {
      const width = widthOf(call.returns);
      const result = BigInt.asIntN(
        width,
        of(BigInt(x as number | bigint), BigInt((by as number) & (width - 1)), width),
      );
      return width === 64 ? result : Number(result);
    },
    emit: (e, args, call) => {
      e.code.get(part(args[0])).get(part(args[1]));
      if (widthOf(call.returns) === 64) e.code.op('i64.extend_i32_s');
      e.code.op(op(instruction, call.returns));
      return take(e, call.returns, carrierOf(call.returns));
    },
  });

function countBits(value: Scalar): number {
  let rest = BigInt.asUintN(64, BigInt(value as number | bigint | boolean));
  let count = 0;
  for (; rest > 0n; rest &= rest - 1n) count++;
  return count;
}

function bitAt(value: bigint, position: number, type: DataType): number {
  const bits = type.kind === 'int8' ? 8 : type.kind === 'int16' ? 16 : widthOf(type);
  if (position >= 0 && position < bits) return Number((value >> BigInt(position)) & 1n);
  throw new SparrowError(
    'INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE',
    `the position ${position} of getbit must be from 0 to ${bits - 1}`,
    { sqlState: '22023' },
  );
}

const pushWide = (call: Call): boolean => call.argTypes[0]?.kind === 'int64';

/** Integers as bits. */
export const bitFunctions = {
  bitwiseAnd: bitwise('bitwiseAnd', '&', 'and', ['3 & 5', '1']),
  bitwiseOr: bitwise('bitwiseOr', '|', 'or', ['3 | 5', '7']),
  bitwiseXor: bitwise('bitwiseXor', '^', 'xor', ['3 ^ 5', '6']),
  bitwiseNot: scalar({
    name: 'bitwiseNot',
    sql: ['~'],
    summary: 'Every bit of an integer the other way round.',
    examples: [['~ 0', '-1']],
    resolve: takes(
      [
        {
          wants: 'an integer',
          accept: (type) => (type.kind === 'null' ? int32Type : isInteger(type) ? type : undefined),
        },
      ],
      ([type]) => type ?? int32Type,
    ),
    nulls: 'propagate',
    range: ([known]) => known && [-known[1] - 1n, -known[0] - 1n],
    eval: ([x]) => (typeof x === 'bigint' ? ~x : ~(x as number)),
    emit: (e, args, call) => {
      e.code.get(part(args[0]));
      if (widthOf(call.returns) === 64) e.code.i64(-1);
      else e.code.i32(-1);
      e.code.op(op('xor', call.returns));
      return take(e, call.returns, carrierOf(call.returns));
    },
  }),
  shiftleft: shift('shiftleft', ['shiftleft', '<<'], 'left', ['shiftleft(2, 1)', '4'], (x, by) => x << by, 'shl'),
  shiftright: shift(
    'shiftright',
    ['shiftright', '>>'],
    'right, the sign kept',
    ['shiftright(4, 1)', '2'],
    (x, by) => x >> by,
    'shr_s',
  ),
  shiftrightunsigned: shift(
    'shiftrightunsigned',
    ['shiftrightunsigned', '>>>'],
    'right, zeros filled in',
    ['shiftrightunsigned(4, 1)', '2'],
    (x, by, width) => BigInt.asUintN(width, x) >> by,
    'shr_u',
  ),
  bitCount: scalar({
    name: 'bitCount',
    sql: ['bit_count'],
    summary: 'The number of bits that are set, of 64.',
    examples: [
      ['bit_count(7)', '3'],
      ['bit_count(-1)', '64'],
    ],
    resolve: takes([only('integral or boolean', (type) => isInteger(type) || type.kind === 'boolean')], int32Type),
    nulls: 'propagate',
    range: () => [0n, 64n],
    eval: ([x]) => countBits(x as Scalar),
    emit: (e, args, call) => {
      e.code.get(part(args[0]));
      if (!pushWide(call)) e.code.op('i64.extend_i32_s');
      e.code.op('i64.popcnt').op('i32.wrap_i64');
      return take(e, int32Type, 'i32', undefined, [0n, 64n]);
    },
  }),
  getbit: scalar({
    name: 'getbit',
    sql: ['getbit', 'bit_get'],
    summary: 'The bit at a position, counted from the lowest, which is 0.',
    examples: [
      ['getbit(11, 0)', '1'],
      ['getbit(11, 2)', '0'],
    ],
    resolve: takes(
      [
        {
          wants: 'an integer',
          accept: (type) => (type.kind === 'null' ? int32Type : isInteger(type) ? type : undefined),
        },
        anyInt,
      ],
      int8Type,
    ),
    nulls: 'propagate',
    fails: true,
    eval: ([x, position], call) =>
      bitAt(BigInt(x as number | bigint), position as number, call.argTypes[0] as DataType),
    compiled: 'a call per row: rare',
  }),
};
