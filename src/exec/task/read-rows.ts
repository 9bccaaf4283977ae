import { bytesDecoder, carrierOf, type DataType, type Scalar, type SharedHeap } from '../../base/index.js';
import { finishRecords } from '../../functions/aggregate-collect.js';
import type { EvalSettings } from '../../functions/expression.js';
import { groupLayout, prepareAggregate, stateField } from '../compile/aggregates.js';
import { keptLayout } from '../compile/rows.js';
import { fieldAt, JOIN_HEADER, type PackedBits, type RowField } from '../row-layout.js';
import type { KeptLayoutSpec, RowSourceSpec, StateCarriers } from './spec.js';

type Row = readonly Scalar[];

/** One field of the row at `row`, in JS. */
export function readField(heap: SharedHeap, row: number, field: RowField, type: DataType): Scalar {
  if (field.packed !== undefined) return readPacked(heap, row, field.packed, type);
  if (field.nullOffset !== undefined && heap.u8[row + field.nullOffset] !== 0) return null;
  const at = row + field.offset;
  switch (field.carrier) {
    case 'i32':
      return integerScalar(type, heap.i32[at >>> 2] as number);
    case 'i64':
      return integerScalar(type, heap.i64[at >>> 3] as bigint);
    case 'i128':
      return ((heap.i64[(at >>> 3) + 1] as bigint) << 64n) | (heap.u64[at >>> 3] as bigint);
    case 'f32':
      return heap.f32[at >>> 2] as number;
    case 'f64':
      return heap.f64[at >>> 3] as number;
    case 'bytes': {
      const start = heap.u32[at >>> 2] as number;
      return bytesDecoder(heap, type)(start, start + (heap.u32[(at >>> 2) + 1] as number));
    }
    case 'none':
      return null;
  }
}

function readPacked(heap: SharedHeap, entry: number, packed: PackedBits, type: DataType): Scalar {
  const { offset, above, bits, base, isDown, nullBit } = packed;
  const word = offset === 0 ? (heap.u64[entry >>> 3] as bigint) : BigInt(heap.u32[(entry + 8) >>> 2] as number) << 32n;
  if (nullBit !== undefined && Number((word >> BigInt(64 - above)) & 1n) === nullBit) return null;
  const distance = BigInt.asUintN(bits, word >> BigInt(64 - above - bits));
  const value = isDown ? base - distance : base + distance;
  return integerScalar(type, value);
}

/** Where the row of a sorted entry is. */
export const rowOfEntry = (heap: SharedHeap, entry: number, { packed }: KeptLayoutSpec): number =>
  packed === undefined ? (heap.u32[(entry + 8) >>> 2] as number) : entry;

function integerScalar(type: DataType, stored: number | bigint): Scalar {
  if (type.kind === 'boolean') return Number(stored) !== 0;
  return carrierOf(type) === 'i32' ? Number(stored) : BigInt(stored);
}

/** Reads all fields of kept rows. */
export function keptRowReader(heap: SharedHeap, spec: KeptLayoutSpec): (address: number) => Scalar[] {
  const layout = keptLayout(spec);
  return (address) => spec.fields.map(({ type }, i) => readField(heap, address, fieldAt(layout, i), type));
}

/** Reads rows of a pipeline over rows as the pipeline sees them; undefined for a row it passes over. */
export function sourceRowReader(
  heap: SharedHeap,
  source: RowSourceSpec,
  carriers: StateCarriers | undefined,
  settings: EvalSettings,
): (address: number) => Row | undefined {
  if (source.kind === 'windowed') return keptRowReader(heap, source.layout);
  if (source.kind === 'kept') {
    const read = keptRowReader(heap, source.layout);
    const { only } = source;
    if (only === undefined) return read;
    return (address) => {
      const isMatched = heap.u8[address + JOIN_HEADER.MARK] !== 0;
      return isMatched === (only === 'matched') ? read(address) : undefined;
    };
  }
  const aggregates = source.aggregates.map((spec) => prepareAggregate(spec, settings));
  const states = carriers ?? aggregates.map((a) => a.state.map(carrierOf));
  const layout = groupLayout(source.keys, states);
  return (address) => {
    const keys = source.keys.map(({ type }, k) => readField(heap, address, fieldAt(layout, k), type));
    const results = aggregates.map(({ entry, call, state }, i) => {
      const first = stateField(source.keys.length, states, i);
      const fields = state.map((type, f) => readField(heap, address, fieldAt(layout, first + f), type));
      const bytes = entry.stateBytes?.(heap.u8, fields, call);
      return bytes === undefined ? entry.eval.finish(fields, call) : finishRecords(entry, bytes, call);
    });
    return [...keys, ...results];
  };
}
