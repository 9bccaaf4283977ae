import { type Carrier, carrierOf, type DataType, engineBug, type Storage } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { Value } from '../../functions/value.js';
import type { Code, Local, OpName, ValType } from '../../wasm/index.js';
import type { PackedBits, RowField } from '../row-layout.js';
import { COLUMN, COLUMN_BYTES } from './state-layout.js';

/** How the batches of one variant store a column: part of the key of a compiled pipeline. */
export interface ColumnForm {
  readonly type: DataType;
  readonly storage: Storage;
  readonly dictionary: boolean;
  readonly nullable: boolean;
  readonly range?: Range;
  readonly stable: boolean;
}

const LOADS: Readonly<Record<'i8' | 'u8' | 'i16' | 'u16' | 'i32', { op: OpName; shift: number }>> = {
  i8: { op: 'i32.load8_s', shift: 0 },
  u8: { op: 'i32.load8_u', shift: 0 },
  i16: { op: 'i32.load16_s', shift: 1 },
  u16: { op: 'i32.load16_u', shift: 1 },
  i32: { op: 'i32.load', shift: 2 },
};

const LOADS_64: Readonly<Record<keyof typeof LOADS, OpName>> = {
  i8: 'i64.load8_s',
  u8: 'i64.load8_u',
  i16: 'i64.load16_s',
  u16: 'i64.load16_u',
  i32: 'i64.load32_s',
};

const VALUE_TYPES: Readonly<Record<Carrier, readonly ValType[]>> = {
  i32: ['i32'],
  i64: ['i64'],
  f32: ['f32'],
  f64: ['f64'],
  i128: ['i64', 'i64'],
  bytes: ['i32', 'i32'],
  none: [],
};

export const newParts = (code: Code, carrier: Carrier): Local[] => VALUE_TYPES[carrier].map((type) => code.local(type));

/** A value that a column load gives, with what only columns know. */
export interface ColumnValue extends Value {
  /** The dictionary code, when the column has a dictionary. */
  readonly dictionaryCode?: Local;
  /** Bytes lie in memory that outlives the stage. */
  readonly stable: boolean;
  /** Emits the bytes where they are needed, when `parts` is left empty because the code may be all that is. */
  readonly late?: () => readonly Local[];
}

/** The carrier a column is loaded in: narrower than its type's when its range is known to fit. */
export function loadCarrier(form: Pick<ColumnForm, 'type' | 'range'>): Carrier {
  const carrier = carrierOf(form.type);
  if (carrier === 'i128' && form.range !== undefined && fitsLong(form.range)) return 'i64';
  return carrier;
}

export const fitsLong = (range: Range): boolean => range[0] >= -(2n ** 63n) && range[1] < 2n ** 63n;

/** Loads the words of one source column's addresses once, at the start of the function. */
export class ColumnLoader {
  readonly #data: Local;
  readonly #validity: Local | undefined;
  readonly #offsets: Local | undefined;
  readonly #dictOffsets: Local | undefined;
  readonly #dictData: Local | undefined;
  readonly #bytesEnd: Local | undefined;

  /** `to`: the row of a batch before which the code ends. */
  constructor(
    private readonly code: Code,
    state: Local,
    base: number,
    index: number,
    readonly form: ColumnForm,
    to?: Local,
  ) {
    const word = (at: number): Local => {
      const local = code.local('i32');
      code
        .get(state)
        .op('i32.load', base + index * COLUMN_BYTES + at)
        .set(local);
      return local;
    };
    this.#data = word(COLUMN.DATA);
    this.#validity = form.nullable ? word(COLUMN.VALIDITY) : undefined;
    this.#offsets = form.storage === 'utf8' ? word(COLUMN.OFFSETS) : undefined;
    this.#dictOffsets = form.dictionary ? word(COLUMN.DICT_OFFSETS) : undefined;
    this.#dictData = form.dictionary ? word(COLUMN.DICT_DATA) : undefined;
    if (this.#offsets === undefined || to === undefined) return;
    this.#bytesEnd = code.local('i32');
    code.get(this.#data).get(this.#offsets).get(to).i32(2).op('i32.shl').op('i32.add').op('i32.load', 0);
    code.op('i32.add').set(this.#bytesEnd);
  }

  /** The value of row `row` (i32 local). */
  load(row: Local): ColumnValue {
    const { code, form } = this;
    const carrier = form.storage === 'none' ? 'none' : loadCarrier(form);
    const isNull = this.#loadNull(row);
    if (form.dictionary) return this.#loadFromDictionary(row, isNull);
    const parts = newParts(code, carrier);
    if (carrier === 'bytes') this.#loadBytes(row, parts);
    else if (carrier === 'i128') this.#loadWide(row, parts);
    else if (carrier !== 'none') {
      this.#loadScalar(row, carrier);
      code.set(parts[0] as Local);
    }
    const bytesEnd = this.#bytesEnd === undefined ? {} : { bytesEnd: this.#bytesEnd };
    return { type: form.type, carrier, parts, isNull, range: form.range, stable: form.stable, ...bytesEnd };
  }

  /** Bits of rows 0…: 1 where the row is null, as an i32 local. */
  #loadNull(row: Local): Local | undefined {
    const { code, form } = this;
    if (form.storage === 'none') {
      const always = code.local('i32');
      code.i32(1).set(always);
      return always;
    }
    if (this.#validity === undefined) return undefined;
    const isNull = code.local('i32');
    code.get(this.#validity).get(row).i32(3).op('i32.shr_u').op('i32.add').op('i32.load8_u', 0);
    code.get(row).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and').i32(1).op('i32.xor').set(isNull);
    return isNull;
  }

  #address(row: Local, shift: number): void {
    this.code.get(this.#data).get(row);
    if (shift > 0) this.code.i32(shift).op('i32.shl');
    this.code.op('i32.add');
  }

  #loadScalar(row: Local, carrier: Carrier): void {
    const { storage } = this.form;
    const code = this.code;
    if (storage in LOADS) {
      const narrow = storage as keyof typeof LOADS;
      this.#address(row, LOADS[narrow].shift);
      if (carrier === 'i64') code.op(LOADS_64[narrow], 0, 0);
      else if (carrier === 'i32') code.op(LOADS[narrow].op, 0, 0);
      else throw engineBug(`${storage} column loaded as ${carrier}`);
      return;
    }
    if (storage === 'i64' && carrier === 'i64') {
      this.#address(row, 3);
      code.op('i64.load', 0);
    } else if (storage === 'i128' && carrier === 'i64') {
      this.#address(row, 4);
      code.op('i64.load', 0);
    } else if (storage === 'f32' && carrier === 'f32') {
      this.#address(row, 2);
      code.op('f32.load', 0);
    } else if (storage === 'f64' && carrier === 'f64') {
      this.#address(row, 3);
      code.op('f64.load', 0);
    } else throw engineBug(`${storage} column loaded as ${carrier}`);
  }

  #loadWide(row: Local, parts: readonly Local[]): void {
    const code = this.code;
    const [low, high] = parts as [Local, Local];
    if (this.form.storage === 'i128') {
      this.#address(row, 4);
      code.op('i64.load', 0).set(low);
      this.#address(row, 4);
      code.op('i64.load', 8).set(high);
      return;
    }
    this.#loadScalar(row, 'i64');
    code.tee(low).i64(63).op('i64.shr_s').set(high);
  }

  #loadBytes(row: Local, parts: readonly Local[]): void {
    const code = this.code;
    const [address, length] = parts as [Local, Local];
    if (this.form.storage === 'view') {
      this.#address(row, 3);
      code.op('i32.load', 0).set(address);
      this.#address(row, 3);
      code.op('i32.load', 4).set(length);
      return;
    }
    if (this.#offsets === undefined) throw engineBug(`${this.form.storage} column loaded as bytes`);
    loadSpan(code, this.#offsets, this.#data, row, address, length);
  }

  #loadFromDictionary(row: Local, isNull: Local | undefined): ColumnValue {
    const { late, ...value } = this.#loadCoded(row, isNull);
    return { ...value, parts: late() };
  }

  /** The row's dictionary code; its bytes only where `late` is called. Undefined without a dictionary. */
  loadCode(row: Local): (ColumnValue & { readonly late: () => readonly Local[] }) | undefined {
    return this.form.dictionary ? this.#loadCoded(row, this.#loadNull(row)) : undefined;
  }

  /** The value of one entry of the dictionary. */
  loadEntry(entry: Local): ColumnValue {
    const parts = newParts(this.code, 'bytes');
    const [address, length] = parts as [Local, Local];
    loadSpan(this.code, this.#dictOffsets as Local, this.#dictData as Local, entry, address, length);
    return { type: this.form.type, carrier: 'bytes', parts, isNull: undefined, stable: this.form.stable };
  }

  #loadCoded(row: Local, isNull: Local | undefined): ColumnValue & { readonly late: () => readonly Local[] } {
    const { code, form } = this;
    const entry = code.local('i32');
    this.#loadScalar(row, 'i32');
    code.set(entry);
    if (isNull !== undefined) {
      // The code of a null row is arbitrary: entry 0 is always readable.
      code.get(entry).i32(0).get(isNull).op('i32.eqz').select().set(entry);
    }
    const late = (): readonly Local[] => this.loadEntry(entry).parts;
    return { type: form.type, carrier: 'bytes', parts: [], isNull, stable: form.stable, dictionaryCode: entry, late };
  }
}

/** address = data + offsets[i]; length = offsets[i + 1] - offsets[i]. */
function loadSpan(code: Code, offsets: Local, data: Local, index: Local, address: Local, length: Local): void {
  const at = code.local('i32');
  code.get(offsets).get(index).i32(2).op('i32.shl').op('i32.add').tee(at).op('i32.load', 4);
  code.get(at).op('i32.load', 0).tee(at).op('i32.sub').set(length);
  code.get(data).get(at).op('i32.add').set(address);
}

/** Loads a field of the row at `row` (an address). */
export function loadField(code: Code, row: Local, field: RowField, type: DataType, range?: Range): Value {
  if (field.packed !== undefined) return { type, range, ...loadPacked(code, row, field.carrier, field.packed) };
  const parts = newParts(code, field.carrier);
  const [first, second] = parts;
  switch (field.carrier) {
    case 'i32':
      code
        .get(row)
        .op('i32.load', field.offset)
        .set(first as Local);
      break;
    case 'f32':
      code
        .get(row)
        .op('f32.load', field.offset)
        .set(first as Local);
      break;
    case 'i64':
      code
        .get(row)
        .op('i64.load', field.offset)
        .set(first as Local);
      break;
    case 'f64':
      code
        .get(row)
        .op('f64.load', field.offset)
        .set(first as Local);
      break;
    case 'i128':
      code
        .get(row)
        .op('i64.load', field.offset)
        .set(first as Local);
      code
        .get(row)
        .op('i64.load', field.offset + 8)
        .set(second as Local);
      break;
    case 'bytes':
      code
        .get(row)
        .op('i32.load', field.offset)
        .set(first as Local);
      code
        .get(row)
        .op('i32.load', field.offset + 4)
        .set(second as Local);
      break;
    case 'none':
      break;
  }
  let isNull: Local | undefined;
  if (field.nullOffset !== undefined) {
    isNull = code.local('i32');
    code.get(row).op('i32.load8_u', field.nullOffset).set(isNull);
  }
  return { type, carrier: field.carrier, parts, isNull, range };
}

/** Loads a number from the bits of a sort entry. */
function loadPacked(code: Code, entry: Local, carrier: Carrier, packed: PackedBits): Omit<Value, 'type' | 'range'> {
  const { offset, above, bits, base, isDown, nullBit } = packed;
  const parts = newParts(code, carrier);
  const word = (before: number): Code => {
    code.get(entry).op(offset === 0 ? 'i64.load' : 'i64.load32_u', offset);
    const shift = before + (offset === 0 ? 0 : 32);
    return shift > 0 ? code.i64(shift).op('i64.shl') : code;
  };
  code.i64(base);
  if (bits > 0) {
    word(above);
    if (bits < 64) code.i64(64 - bits).op('i64.shr_u');
    code.op(isDown ? 'i64.sub' : 'i64.add');
  }
  if (carrier === 'i32') code.op('i32.wrap_i64');
  code.set(parts[0] as Local);
  if (nullBit === undefined) return { carrier, parts, isNull: undefined };
  const isNull = code.local('i32');
  word(above - 1)
    .i64(63)
    .op('i64.shr_u')
    .op('i32.wrap_i64')
    .i32(1 - nullBit)
    .op('i32.xor')
    .set(isNull);
  return { carrier, parts, isNull };
}

/** Stores parts (of the field's carrier) into the row at `row`. */
export function storeParts(code: Code, row: Local, field: RowField, parts: readonly Local[]): void {
  const [first, second] = parts;
  switch (field.carrier) {
    case 'i32':
      code
        .get(row)
        .get(first as Local)
        .op('i32.store', field.offset);
      break;
    case 'f32':
      code
        .get(row)
        .get(first as Local)
        .op('f32.store', field.offset);
      break;
    case 'i64':
      code
        .get(row)
        .get(first as Local)
        .op('i64.store', field.offset);
      break;
    case 'f64':
      code
        .get(row)
        .get(first as Local)
        .op('f64.store', field.offset);
      break;
    case 'i128':
      code
        .get(row)
        .get(first as Local)
        .op('i64.store', field.offset);
      code
        .get(row)
        .get(second as Local)
        .op('i64.store', field.offset + 8);
      break;
    case 'bytes':
      code
        .get(row)
        .get(first as Local)
        .op('i32.store', field.offset);
      code
        .get(row)
        .get(second as Local)
        .op('i32.store', field.offset + 4);
      break;
    case 'none':
      break;
  }
}
