import { type DataType, type MapScalar, type Scalar, unreachable, type VariantScalar } from '../base/index.js';

/** A value as grouping gives it back: -0.0 and 0.0 are one value, and so is every NaN. */
export function canonical(type: DataType, value: Scalar): Scalar {
  if (value === null) return null;
  switch (type.kind) {
    case 'float32':
    case 'float64':
      return value === 0 ? 0 : value;
    case 'array':
      return (value as readonly Scalar[]).map((element) => canonical(type.element, element));
    case 'struct':
      return (value as readonly Scalar[]).map((member, i) => canonical(type.fields[i]?.type ?? type, member));
    case 'map': {
      const { entries } = value as MapScalar;
      return { entries: entries.map(([k, v]) => [canonical(type.key, k), canonical(type.value, v)] as const) };
    }
    default:
      return value;
  }
}

/** A text that two canonical values of one type share exactly when they are equal. */
export function keyText(type: DataType, value: Scalar): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'string':
      return JSON.stringify(value);
    case 'binary':
      return hex(value as Uint8Array);
    case 'array':
      return `[${(value as readonly Scalar[]).map((element) => keyText(type.element, element)).join()}]`;
    case 'struct':
      return `(${type.fields.map((f, i) => keyText(f.type, (value as readonly Scalar[])[i] ?? null)).join()})`;
    case 'map': {
      const { entries } = value as MapScalar;
      return `{${entries.map(([k, v]) => `${keyText(type.key, k)}:${keyText(type.value, v)}`).join()}}`;
    }
    case 'variant': {
      const variant = value as VariantScalar;
      return `${hex(variant.metadata)}.${hex(variant.value)}`;
    }
    case 'null':
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_ym':
    case 'interval_dt':
    case 'interval':
      return String(value);
    default:
      return unreachable(type);
  }
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** One text for the values of several keys. */
export function keysText(types: readonly DataType[], values: readonly Scalar[]): string {
  let text = '';
  for (let k = 0; k < values.length; k++) {
    if (k > 0) text += '|';
    text += keyText(types[k] as DataType, values[k] as Scalar);
  }
  return text;
}
