import { type DataType, engineBug, type MapScalar, type Scalar } from '../base/index.js';
import { pow10 } from './decimal.js';

const order = <T extends number | bigint | boolean>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** Spark's order of two values of one type: NaN greatest, -0.0 = 0.0, text by UTF-8 bytes, nested nulls first. */
export function compareScalars(type: DataType, a: Scalar, b: Scalar): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  switch (type.kind) {
    case 'float32':
    case 'float64':
      return compareNumbers(a as number, b as number);
    case 'string':
      return compareText(a as string, b as string);
    case 'binary':
      return Buffer.compare(a as Uint8Array, b as Uint8Array);
    case 'array': {
      const [x, y] = [a as readonly Scalar[], b as readonly Scalar[]];
      for (let i = 0; i < x.length && i < y.length; i++) {
        const difference = compareScalars(type.element, x[i] ?? null, y[i] ?? null);
        if (difference !== 0) return difference;
      }
      return order(x.length, y.length);
    }
    case 'struct': {
      const [x, y] = [a as readonly Scalar[], b as readonly Scalar[]];
      for (const [i, f] of type.fields.entries()) {
        const difference = compareScalars(f.type, x[i] ?? null, y[i] ?? null);
        if (difference !== 0) return difference;
      }
      return 0;
    }
    case 'map':
      return compareMaps(type.key, type.value, a as MapScalar, b as MapScalar);
    case 'variant':
      throw engineBug('variants have no order');
    default:
      return order(a as number, b as number);
  }
}

/** Maps have no order in SQL; grouping needs one: by entries as they come. */
function compareMaps(key: DataType, value: DataType, a: MapScalar, b: MapScalar): number {
  for (const [i, [k, v]] of a.entries.entries()) {
    const other = b.entries[i];
    if (other === undefined) return 1;
    const difference = compareScalars(key, k, other[0]) || compareScalars(value, v, other[1]);
    if (difference !== 0) return difference;
  }
  return order(a.entries.length, b.entries.length);
}

export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);
}

/** By code points, which is the order of the UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all other units.
    const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    if (isHigh(x) !== isHigh(y)) return isHigh(x) ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return order(a.length, b.length);
}

/** The order of values of two types that are compared as they are: decimals of different scales. */
export function compareTyped(a: Scalar, typeA: DataType, b: Scalar, typeB: DataType): number {
  if (typeA.kind === 'decimal' && typeB.kind === 'decimal' && typeA.scale !== typeB.scale) {
    const scale = Math.max(typeA.scale, typeB.scale);
    return order((a as bigint) * pow10(scale - typeA.scale), (b as bigint) * pow10(scale - typeB.scale));
  }
  return compareScalars(typeA, a, b);
}
