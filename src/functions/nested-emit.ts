import { carrierOf, type DataType, engineBug, type Field, nestedWidth } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { part, value } from './emit.js';
import { keepI32 } from './emit-parts.js';
import type { Emitter, Value } from './value.js';

/** Wasm over the encoding of nested values (base/nested.ts): one element or field is reached without the others. */

/** Where the parts of an array's encoding lie. */
export interface ArrayPlaces {
  readonly count: Local;
  /** Address of the null bits. */
  readonly bits: Local;
  /** Address of the slots. */
  readonly slots: Local;
}

/** Loads an array's count and finds its parts; `at` is the address of its encoding. */
export function emitArrayPlaces(e: Emitter, at: Local): ArrayPlaces {
  const { code } = e;
  code.get(at).op('i32.load', 0);
  const count = keepI32(e);
  code.get(at).i32(4).op('i32.add');
  const bits = keepI32(e);
  code.get(bits).get(count).i32(7).op('i32.add').i32(3).op('i32.shr_u').op('i32.add');
  return { count, bits, slots: keepI32(e) };
}

/** The element at `index` (i32, within the array). */
export function emitElement(e: Emitter, element: DataType, { count, bits, slots }: ArrayPlaces, index: Local): Value {
  const { code } = e;
  code.get(bits).get(index).i32(3).op('i32.shr_u').op('i32.add').op('i32.load8_u', 0);
  code.get(index).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and').op('i32.eqz');
  const isNull = keepI32(e);
  const width = nestedWidth(element);
  if (width !== undefined) {
    code.get(slots).get(index).i32(width).op('i32.mul').op('i32.add');
    return loadFixed(e, element, keepI32(e), 0, isNull);
  }
  // The end of the element before, or of nothing.
  code.get(slots).get(index).i32(2).op('i32.shl').op('i32.add');
  const slot = keepI32(e);
  const from = code.local('i32');
  code.i32(0).set(from);
  code.get(index).if(() => {
    code.get(slot).i32(4).op('i32.sub').op('i32.load', 0).set(from);
  });
  code.get(slot).op('i32.load', 0).get(from).op('i32.sub');
  const length = keepI32(e);
  code.get(slots).get(count).i32(2).op('i32.shl').op('i32.add').get(from).op('i32.add');
  return value(element, 'bytes', [keepI32(e), length], isNull);
}

/** The field at a position of the struct encoded at `at`. */
export function emitField(e: Emitter, fields: readonly Field[], at: Local, position: number): Value {
  const { code } = e;
  const type = fields[position]?.type;
  if (type === undefined) throw engineBug(`a struct of ${fields.length} fields has no field ${position}`);
  code
    .get(at)
    .op('i32.load8_u', position >>> 3)
    .i32(1 << (position & 7))
    .op('i32.and')
    .op('i32.eqz');
  const isNull = keepI32(e);
  const slots = slotOffsets(fields);
  const offset = slots[position] as number;
  if (nestedWidth(type) !== undefined) return loadFixed(e, type, at, offset, isNull);
  const data = slots[fields.length] as number;
  const before = fields.slice(0, position).findLastIndex((f) => nestedWidth(f.type) === undefined);
  const from = code.local('i32');
  if (before < 0) code.i32(0).set(from);
  else
    code
      .get(at)
      .op('i32.load', slots[before] as number)
      .set(from);
  code.get(at).op('i32.load', offset).get(from).op('i32.sub');
  const length = keepI32(e);
  code.get(at).get(from).op('i32.add').i32(data).op('i32.add');
  return value(type, 'bytes', [keepI32(e), length], isNull);
}

/** Offsets of the slots of a struct's fields, and of what lies behind them. */
function slotOffsets(fields: readonly Field[]): readonly number[] {
  const offsets = [(fields.length + 7) >>> 3];
  for (const { type } of fields) offsets.push((offsets.at(-1) as number) + (nestedWidth(type) ?? 4));
  return offsets;
}

function loadFixed(e: Emitter, type: DataType, at: Local, offset: number, isNull: Local): Value {
  const { code } = e;
  const carrier = carrierOf(type);
  const parts = e.newParts(carrier);
  const load = (
    i: number,
    op: 'i32.load8_u' | 'i32.load8_s' | 'i32.load16_s' | `${'i32' | 'i64' | 'f32' | 'f64'}.load`,
  ) =>
    code
      .get(at)
      .op(op, offset + i * 8)
      .set(part({ type, carrier, parts, isNull }, i));
  if (type.kind === 'boolean') load(0, 'i32.load8_u');
  else if (type.kind === 'int8') load(0, 'i32.load8_s');
  else if (type.kind === 'int16') load(0, 'i32.load16_s');
  else if (carrier === 'i128') {
    load(0, 'i64.load');
    load(1, 'i64.load');
  } else if (carrier !== 'none' && carrier !== 'bytes') load(0, `${carrier}.load`);
  return value(type, carrier, parts, isNull);
}
