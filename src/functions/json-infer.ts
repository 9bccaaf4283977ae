import {
  arrayType,
  booleanType,
  type DataType,
  decimalType,
  type Field,
  field,
  float64Type,
  int64Type,
  nullType,
  parseScalar,
  stringType,
  structType,
  timestampType,
} from '../base/index.js';
import type { JsonNode } from './json-reader.js';
import { commonType } from './signature.js';
import { isOn, type TextOptions } from './text-options.js';
import { readMoment } from './text-values.js';

const LONG_TOP = 2n ** 63n;
const MOST_DIGITS = 38;

/** The type a JSON value suggests, as Spark infers it; nothing but nulls is a string in the end. */
export function inferJson(node: JsonNode, options: TextOptions, timeZone: string): DataType {
  return settled(infer(node, options, timeZone));
}

function infer(node: JsonNode, options: TextOptions, timeZone: string): DataType {
  const asText = isOn(options, 'primitivesAsString');
  switch (node.kind) {
    case 'null':
      return nullType;
    case 'boolean':
      return asText ? stringType : booleanType;
    case 'string':
      if (!isOn(options, 'inferTimestamp')) return stringType;
      return readMoment(timestampType, node.text, options, timeZone) === undefined ||
        parseScalar(timestampType, node.text, timeZone) === undefined
        ? stringType
        : timestampType;
    case 'number':
      return asText ? stringType : numberType(node.text, isOn(options, 'prefersDecimal'));
    case 'array':
      return arrayType(
        node.items.map((item) => infer(item, options, timeZone)).reduce<DataType>((a, b) => compatible(a, b), nullType),
      );
    case 'object': {
      const fields = node.entries.map(([key, value]) => field(key, infer(value, options, timeZone)));
      return structType([...new Map(fields.map((f) => [f.name, f])).values()].sort(byName));
    }
  }
}

const byName = (a: Field, b: Field): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function numberType(text: string, prefersDecimal: boolean): DataType {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return float64Type;
  const [, whole = '', fraction = ''] = match;
  const unscaled = BigInt(whole + fraction);
  const precision = Math.max(String(unscaled).length, fraction.length);
  if (fraction === '') {
    const value = text.startsWith('-') ? -unscaled : unscaled;
    if (value < LONG_TOP && value >= -LONG_TOP) return int64Type;
    return precision <= MOST_DIGITS ? decimalType(precision, 0) : float64Type;
  }
  return prefersDecimal && precision <= MOST_DIGITS ? decimalType(precision, fraction.length) : float64Type;
}

/** The type two values have in common, or else `other`. */
export function compatible(a: DataType, b: DataType, other: DataType = stringType): DataType {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (a.kind === 'struct' && b.kind === 'struct') {
    const merged = new Map(a.fields.map((f) => [f.name, f.type]));
    for (const f of b.fields) merged.set(f.name, compatible(merged.get(f.name) ?? nullType, f.type, other));
    return structType([...merged].map(([name, type]) => field(name, type)).sort(byName));
  }
  if (a.kind === 'array' && b.kind === 'array') return arrayType(compatible(a.element, b.element, other));
  if (a.kind === 'string' && b.kind === 'string') return a;
  if (a.kind === 'string' || b.kind === 'string' || a.kind === 'struct' || b.kind === 'struct') return other;
  if ((a.kind === 'float64' && b.kind === 'decimal') || (a.kind === 'decimal' && b.kind === 'float64')) {
    return float64Type;
  }
  return commonType(a, b) ?? other;
}

function settled(type: DataType): DataType {
  if (type.kind === 'null') return stringType;
  if (type.kind === 'array') return arrayType(settled(type.element));
  if (type.kind === 'struct') return structType(type.fields.map((f) => field(f.name, settled(f.type))));
  return type;
}
