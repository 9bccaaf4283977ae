import {
  type DataType,
  encodeVariant,
  type MapScalar,
  readVariant,
  type Scalar,
  SparrowError,
  simpleString,
  type VariantNode,
  type VariantScalar,
  variantToJson,
} from '../base/index.js';

/** Casts between plain values and variants; how single values are cast is given. */

/** Casts one value that is neither nested nor a variant; undefined where that cannot be. */
export type LeafCast = (value: Scalar, from: DataType, to: DataType) => Scalar | undefined;

/** Stands for a value that cannot be cast. */
export const BAD = Symbol('bad');

/** A value as a variant: maps and structs become objects. */
export const toVariant = (type: DataType, value: Scalar): VariantScalar =>
  encodeVariant(nodeOf(type, value), 'a cast to variant');

export function nodeOf(type: DataType, value: Scalar): VariantNode {
  if (value === null) return { kind: 'value', type, value: null };
  switch (type.kind) {
    case 'array':
      return { kind: 'array', elements: (value as readonly Scalar[]).map((item) => nodeOf(type.element, item)) };
    case 'struct': {
      const values = value as readonly Scalar[];
      return {
        kind: 'object',
        fields: type.fields.map((f, i) => [f.name, nodeOf(f.type, values[i] ?? null)] as const),
      };
    }
    case 'map': {
      const { entries } = value as MapScalar;
      return { kind: 'object', fields: entries.map(([k, v]) => [String(k), nodeOf(type.value, v)] as const) };
    }
    case 'variant':
      return readVariant(value as VariantScalar);
    default:
      return { kind: 'value', type, value };
  }
}

/** A variant as a value of a type; BAD where it cannot be. A null inside the variant is null. */
export function fromVariant(node: VariantNode, to: DataType, timeZone: string, cast: LeafCast): Scalar | typeof BAD {
  if (to.kind === 'variant') return encodeVariant(node, 'a part of a variant');
  if (node.kind === 'value') {
    if (node.value === null) return null;
    if (to.kind === 'array' || to.kind === 'map' || to.kind === 'struct') return BAD;
    const value = cast(node.value, node.type, to);
    return value === undefined ? BAD : value;
  }
  if (to.kind === 'string') return variantToJson(encodeVariant(node, 'a part of a variant'), timeZone);
  if (node.kind === 'array') {
    if (to.kind !== 'array') return BAD;
    return all(node.elements.map((element) => fromVariant(element, to.element, timeZone, cast)));
  }
  const named = new Map(node.fields);
  if (to.kind === 'struct') {
    const fields = to.fields.map((f) => {
      const inner = named.get(f.name);
      return inner === undefined ? null : fromVariant(inner, f.type, timeZone, cast);
    });
    return all(fields);
  }
  if (to.kind !== 'map' || to.key.kind !== 'string') return BAD;
  const values = all(node.fields.map(([, value]) => fromVariant(value, to.value, timeZone, cast)));
  if (values === BAD) return BAD;
  return { entries: node.fields.map(([key], i) => [key, (values as readonly Scalar[])[i] as Scalar] as const) };
}

function all(values: readonly (Scalar | typeof BAD)[]): Scalar | typeof BAD {
  return values.includes(BAD) ? BAD : (values as readonly Scalar[]);
}

/** Whether a type can become a variant by a cast: structs and maps only by to_variant_object. */
export function becomesVariant(type: DataType, withObjects: boolean): boolean {
  switch (type.kind) {
    case 'array':
      return becomesVariant(type.element, withObjects);
    case 'struct':
      return withObjects && type.fields.every((f) => becomesVariant(f.type, true));
    case 'map':
      return withObjects && type.key.kind === 'string' && becomesVariant(type.value, true);
    case 'interval_ym':
    case 'interval_dt':
    case 'time':
      return false;
    default:
      return true;
  }
}

/** Whether a variant can be cast to the type. */
export function comesOfVariant(type: DataType): boolean {
  switch (type.kind) {
    case 'array':
      return comesOfVariant(type.element);
    case 'struct':
      return type.fields.every((f) => comesOfVariant(f.type));
    case 'map':
      return type.key.kind === 'string' && comesOfVariant(type.value);
    case 'interval_ym':
    case 'interval_dt':
    case 'time':
    case 'null':
      return false;
    default:
      return true;
  }
}

/** A variant that is of no use as the type asked for. */
export function invalidVariantCast(node: VariantNode, to: DataType): SparrowError {
  const type = simpleString(to).toUpperCase();
  const what = node.kind === 'value' ? String(node.value) : `an ${node.kind}`;
  return new SparrowError('INVALID_VARIANT_CAST', `the variant value ${what} cannot be cast to ${type}`, {
    sqlState: '22023',
    parameters: { dataType: type },
    hint: 'use `try_variant_get` to get NULL instead',
  });
}
