import { carrierOf } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { SortKey } from '../physical.js';
import type { PackedBits } from '../row-layout.js';
import type { SourceColumn } from '../task/spec.js';
import { keyBits, prefixIsExact } from './sort-key.js';

/** Bits of an entry that say something else than its keys. */
const REST_BITS = 32;

/** How what is no key is written: any order will do. */
export const REST_ORDER = { descending: false, nullsFirst: true } as const;

/**
 * Where the fields of sorted rows are among the bits of their entries, if these tell all of them: keys are in the prefix
 * where it tells all keys, and the others take few bits. Then no row is written, and none is looked up.
 */
export function packedFields(
  keys: readonly SortKey[],
  keyColumns: readonly SourceColumn[],
  fields: readonly SourceColumn[],
): readonly PackedBits[] | undefined {
  if (!prefixIsExact(keyColumns)) return undefined;
  const inKeys = new Map<number, PackedBits | undefined>();
  let used = 0;
  for (const [k, key] of keys.entries()) {
    const column = keyColumns[k] as SourceColumn;
    if (key.expr.kind === 'column') inKeys.set(key.expr.index, bitsOf(column, 0, used, key));
    used += keyBits(column).bits;
  }
  used = 0;
  const packed = fields.flatMap((column, i) => {
    const known = inKeys.get(i);
    if (known !== undefined) return [known];
    const bits = bitsOf(column, 8, used, REST_ORDER);
    used += keyBits(column).bits;
    return bits === undefined || used > REST_BITS ? [] : [bits];
  });
  return packed.length === fields.length ? packed : undefined;
}

/** Bounds of numbers that are written whole. */
const WHOLE: Readonly<Partial<Record<string, Range>>> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Where a value lies that is written as a key behind so many bits; undefined where that is not all of it. */
function bitsOf(
  column: SourceColumn,
  offset: PackedBits['offset'],
  used: number,
  { descending, nullsFirst }: Pick<SortKey, 'descending' | 'nullsFirst'>,
): PackedBits | undefined {
  const { bits, exact, range = WHOLE[carrierOf(column.type)] } = keyBits(column);
  if (!exact || range === undefined) return undefined;
  const flag = column.nullable ? 1 : 0;
  return {
    offset,
    above: used + flag,
    bits: bits - flag,
    base: range[descending ? 1 : 0],
    isDown: descending,
    nullBit: column.nullable ? (nullsFirst ? 0 : 1) : undefined,
  };
}
