import {
  booleanType,
  decimalType,
  encodeVariant,
  float64Type,
  int64Type,
  nullType,
  stringType,
  type VariantNode,
  type VariantScalar,
} from '../base/index.js';
import { type JsonNode, MalformedJson } from './json-reader.js';

const LONG_TOP = 2n ** 63n;
const MOST_DIGITS = 38;

/** JSON as a variant: whole numbers as integers or decimals, fractions as decimals where they fit, else doubles. */
export const variantOfJson = (node: JsonNode): VariantScalar => encodeVariant(variantNode(node), 'a JSON text');

function variantNode(node: JsonNode): VariantNode {
  switch (node.kind) {
    case 'null':
      return { kind: 'value', type: nullType, value: null };
    case 'boolean':
      return { kind: 'value', type: booleanType, value: node.value };
    case 'string':
      return { kind: 'value', type: stringType, value: node.text };
    case 'number':
      return numberNode(node.text);
    case 'array':
      return { kind: 'array', elements: node.items.map(variantNode) };
    case 'object':
      return { kind: 'object', fields: uniqueFields(node.entries) };
  }
}

function uniqueFields(entries: Extract<JsonNode, { kind: 'object' }>['entries']): (readonly [string, VariantNode])[] {
  const keys = new Set(entries.map(([key]) => key));
  if (keys.size < entries.length) throw new MalformedJson('a key comes twice');
  return entries.map(([key, value]) => [key, variantNode(value)] as const);
}

function numberNode(text: string): VariantNode {
  const exact = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (exact !== null) {
    const [, sign = '', whole = '', fraction = ''] = exact;
    const unscaled = BigInt(`${sign}${whole}${fraction}`);
    if (fraction === '' && unscaled < LONG_TOP && unscaled >= -LONG_TOP) {
      return { kind: 'value', type: int64Type, value: unscaled };
    }
    const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
    const precision = Math.max(digits, fraction.length);
    if (precision <= MOST_DIGITS) {
      return { kind: 'value', type: decimalType(precision, fraction.length), value: unscaled };
    }
  }
  return { kind: 'value', type: float64Type, value: Number(text) };
}
