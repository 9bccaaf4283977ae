import { type Carrier, carrierOf, engineBug } from '../../base/index.js';
import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import { fieldAt, JOIN_HEADER, type RowLayout, rowLayout } from '../row-layout.js';
import type { KeptLayoutSpec, SourceColumn } from '../task/spec.js';
import { extend } from './keys.js';
import { type ColumnValue, loadField, storeParts } from './load.js';
import type { Columns, Pipe } from './pipe.js';

/** Layout of kept rows: the same wherever they are written and read. */
export function keptLayout(spec: KeptLayoutSpec): RowLayout {
  const { packed } = spec;
  if (packed !== undefined) {
    const fields = packed.map((bits, i) => {
      const carrier = storedCarrier(spec.fields[i] as SourceColumn);
      return { carrier, offset: bits.offset, nullOffset: undefined, packed: bits };
    });
    // On disk there is no more of a row than what its prefix does not tell.
    return { header: 0, fields, stride: 8 };
  }
  const stored = spec.numbered === true ? spec.fields.slice(0, -1) : spec.fields;
  const layout = rowLayout(
    spec.header === 'join' ? JOIN_HEADER.bytes : 0,
    stored.map((f) => ({ carrier: storedCarrier(f), nullable: f.nullable })),
  );
  if (spec.numbered !== true) return layout;
  const number = { carrier: 'i32', offset: JOIN_HEADER.NUMBER, nullOffset: undefined } as const;
  return { ...layout, fields: [...layout.fields, number] };
}

/** Stored values have the carrier of their type, or the 64-bit one where their range is known to fit. */
export function storedCarrier(column: SourceColumn): Carrier {
  const carrier = carrierOf(column.type);
  if (carrier !== 'i128' || column.range === undefined) return carrier;
  return column.range[0] >= -(2n ** 63n) && column.range[1] < 2n ** 63n ? 'i64' : carrier;
}

/** Stores a value into a field; bytes are copied unless they lie in memory that stays. */
export function storeValue(pipe: Pipe, layout: RowLayout, row: Local, index: number, value: ColumnValue): void {
  const { code } = pipe;
  const field = fieldAt(layout, index);
  const write = (): void => {
    if (field.carrier === 'none') return;
    let parts = value.carrier === 'none' ? [] : extend(code, value, field.carrier);
    if (parts.length === 0) return;
    if (field.carrier === 'bytes' && !value.stable) {
      const [address, length] = parts as readonly [Local, Local];
      parts = [pipe.persist(address, length), length];
    }
    storeParts(code, row, field, parts);
  };
  if (field.nullOffset === undefined) {
    write();
    return;
  }
  if (value.isNull === undefined) {
    code.get(row).i32(0).op('i32.store8', field.nullOffset);
    write();
    return;
  }
  code.get(row).get(value.isNull).op('i32.store8', field.nullOffset);
  if (field.carrier !== 'bytes') {
    write();
    return;
  }
  const [address, length] = value.parts as readonly [Local, Local];
  code.get(value.isNull).if(
    () => {
      // A null's bytes are never read but may be passed on: keep them empty.
      const zero = code.local('i32');
      code.i32(0).set(zero);
      storeParts(code, row, field, [zero, zero]);
    },
    () => {
      const kept = value.stable ? address : pipe.persist(address, length);
      storeParts(code, row, field, [kept, length]);
    },
  );
}

/** Columns read from the fields of the row at `row`, each loaded once. `stable`: what rows point to outlives the task. */
export function rowColumns(
  pipe: Pipe,
  layout: RowLayout,
  fields: readonly SourceColumn[],
  row: Local,
  stable: boolean,
): Columns {
  const loaded = new Map<number, ColumnValue>();
  return (index) => {
    const known = loaded.get(index);
    if (known !== undefined) return known;
    const column = fields[index];
    if (column === undefined) throw engineBug(`field ${index} of ${fields.length}`);
    const value: Value = loadField(pipe.code, row, fieldAt(layout, index), column.type, column.range);
    const made = { ...value, stable };
    loaded.set(index, made);
    return made;
  };
}
