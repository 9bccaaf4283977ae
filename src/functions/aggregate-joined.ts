import { binaryType, booleanType, type DataType, type Scalar, SparrowError, stringType } from '../base/index.js';
import { collecting } from './aggregate-collect.js';
import { avg, sum } from './aggregate-sum.js';
import { compareScalars } from './compare-scalars.js';
import type { AggregateFunction, ArgType, Call, Mismatch, Resolution } from './define.js';
import { anyLong, only, takes } from './implicit.js';
import { isOrderable, withoutOrder, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

function evaluated(entry: AggregateFunction, rows: readonly Scalar[][], call: Call): Scalar {
  const state = entry.eval.init(call);
  for (const row of rows) entry.eval.update(state, row, call);
  return entry.eval.finish(state, call);
}

/** The sum or average with null in place of an overflow. */
function tolerant(
  entry: AggregateFunction,
  name: string,
  sql: string,
  summary: string,
  example: readonly [string, string | null],
): AggregateFunction {
  return collecting({
    name,
    sql: [sql],
    summary,
    examples: [example],
    resolve: (args, settings) => entry.resolve(args, settings),
    required: [0],
    finish: (rows, given) => {
      const call: Call = { ...given, fn: entry.name, settings: { ...given.settings, ansi: true } };
      try {
        // The sum of intervals is an interval, also where only the average is asked for.
        if (entry !== sum && call.returns.kind.startsWith('interval')) evaluated(sum, rows, { ...call, fn: 'sum' });
        return evaluated(entry, rows, call);
      } catch (error) {
        if (error instanceof SparrowError) return null;
        throw error;
      }
    },
  });
}

/** listagg(x [, delimiter [, key, descending, nullsFirst]…]): what WITHIN GROUP orders by follows the delimiter. */
function resolveList(args: readonly ArgType[]): Resolved {
  const [x, delimiter, ...order] = args;
  if (x === undefined) return wrongCount(0, 1, 2);
  if (order.length % 3 !== 0) return wrongCount(args.length, 1, 2);
  const type = x.type.kind === 'binary' ? binaryType : stringType;
  if (['array', 'map', 'struct', 'variant'].includes(x.type.kind)) return wrongType(0, 'a string or binary', x.type);
  if (delimiter !== undefined && delimiter.type.kind !== 'null' && delimiter.type.kind !== type.kind)
    return {
      ...wrongType(1, `${type.kind} as argument 1`, delimiter.type),
      code: 'DATATYPE_MISMATCH.DATA_DIFF_TYPES',
    };
  if (delimiter !== undefined && delimiter.literal === undefined)
    return { mismatch: 'the delimiter must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  for (let i = 0; i < order.length; i += 3) {
    const key = order[i] as ArgType;
    if (!isOrderable(key.type)) return withoutOrder(i + 2, key.type);
  }
  const keys = order.map((arg, i) => (i % 3 === 0 ? arg.type : booleanType));
  const types = delimiter === undefined ? [type] : [type, delimiter.type, ...keys];
  return { args: types, returns: type, nullable: true };
}

function finishList(rows: Scalar[][], call: Call): Scalar {
  if (rows.length === 0) return null;
  const ordered = call.argTypes.length > 2 ? [...rows].sort((a, b) => compareRows(a, b, call.argTypes)) : rows;
  const delimiter = call.literals[1] ?? null;
  if (call.returns.kind === 'binary') {
    const parts = ordered.map(([v]) => v as Uint8Array);
    const between = (delimiter ?? new Uint8Array()) as Uint8Array;
    return new Uint8Array(Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [between, part]))));
  }
  return ordered.map(([v]) => v as string).join((delimiter ?? '') as string);
}

function compareRows(a: readonly Scalar[], b: readonly Scalar[], types: readonly DataType[]): number {
  for (let i = 2; i < types.length; i += 3) {
    const [x, y] = [a[i] as Scalar, b[i] as Scalar];
    const nullsFirst = a[i + 2] === true ? -1 : 1;
    if (x === null || y === null) {
      if (x !== y) return x === null ? nullsFirst : -nullsFirst;
      continue;
    }
    const order = compareScalars(types[i] as DataType, x, y);
    if (order !== 0) return a[i + 1] === true ? -order : order;
  }
  return 0;
}

/** Bits of one bucket of a bitmap. */
const BITMAP_BYTES = 4096;
const anyBitmap = only('binary', (type) => type.kind === 'binary');

function bitmapOf(rows: readonly Scalar[][]): Uint8Array {
  const bitmap = new Uint8Array(BITMAP_BYTES);
  for (const [position] of rows) {
    const at = Number(position);
    if (at < 0 || at >= 8 * BITMAP_BYTES) {
      throw new SparrowError(
        'INVALID_BITMAP_POSITION',
        `the bit position ${at} is outside a bitmap of ${8 * BITMAP_BYTES} bits`,
        { sqlState: '22003' },
      );
    }
    bitmap[at >> 3] = (bitmap[at >> 3] as number) | (1 << (at & 7));
  }
  return bitmap;
}

function bitmapAggregate(name: string, sql: string, what: 'and' | 'or'): AggregateFunction {
  return collecting({
    name,
    sql: [sql],
    summary: `Bitwise ${what} of bitmaps.`,
    examples: [],
    resolve: takes([anyBitmap], binaryType),
    required: [0],
    finish: (rows) => {
      const bitmap = new Uint8Array(BITMAP_BYTES).fill(what === 'and' ? 0xff : 0);
      for (const [other] of rows) {
        const bytes = other as Uint8Array;
        for (let i = 0; i < BITMAP_BYTES; i++) {
          const [a, b] = [bitmap[i] as number, bytes[i] ?? 0];
          bitmap[i] = what === 'and' ? a & b : a | b;
        }
      }
      return bitmap;
    },
  });
}

/** Aggregates over the list of a group's values. */
export const listAggregates: Readonly<
  Record<'trySum' | 'tryAvg' | 'listagg' | 'bitmapConstructAgg' | 'bitmapOrAgg' | 'bitmapAndAgg', AggregateFunction>
> = {
  trySum: tolerant(sum, 'trySum', 'try_sum', 'Sum; null when it overflows.', [
    'try_sum(col) from values (9223372036854775807L), (1L) as tab(col)',
    null,
  ]),
  tryAvg: tolerant(avg, 'tryAvg', 'try_avg', 'Average; null when its sum overflows.', [
    'try_avg(col) from values (1), (2), (3) as tab(col)',
    '2.0',
  ]),
  listagg: collecting({
    name: 'listagg',
    sql: ['listagg', 'string_agg'],
    summary:
      'The strings (or binary values) one after the other with a delimiter between them, nulls left out; WITHIN GROUP (ORDER BY …) orders them.',
    examples: [["listagg(col, ', ') within group (order by col) from values ('b'), ('a') as tab(col)", 'a, b']],
    ordered: true,
    resolve: resolveList,
    required: [0],
    finish: finishList,
  }),
  bitmapConstructAgg: collecting({
    name: 'bitmapConstructAgg',
    sql: ['bitmap_construct_agg'],
    summary: 'A bitmap of 32768 bits with those set whose positions the values are.',
    examples: [],
    resolve: takes([anyLong], binaryType),
    required: [0],
    finish: (rows) => bitmapOf(rows),
  }),
  bitmapOrAgg: bitmapAggregate('bitmapOrAgg', 'bitmap_or_agg', 'or'),
  bitmapAndAgg: bitmapAggregate('bitmapAndAgg', 'bitmap_and_agg', 'and'),
};
