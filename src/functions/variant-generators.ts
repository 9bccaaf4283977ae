import {
  encodeVariant,
  field,
  int32Type,
  readVariant,
  type Scalar,
  stringType,
  type VariantNode,
  type VariantScalar,
  variantType,
} from '../base/index.js';
import { type ArgType, generator } from './define.js';
import { wrongCount, wrongType } from './signature.js';

const explodeColumns = [
  field('pos', int32Type, true),
  field('key', stringType, true),
  field('value', variantType, true),
];

function resolveExplode(args: readonly ArgType[], outer: boolean) {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  if (input.type.kind !== 'variant' && input.type.kind !== 'null') return wrongType(0, 'a VARIANT', input.type);
  return outer
    ? { args: [variantType], columns: explodeColumns, outer }
    : { args: [variantType], columns: explodeColumns };
}

function explode([value]: readonly Scalar[]): readonly (readonly Scalar[])[] {
  if (value === null || value === undefined) return [];
  const node = readVariant(value as VariantScalar);
  const part = (inner: VariantNode): Scalar => encodeVariant(inner, 'a part of a variant');
  if (node.kind === 'array') return node.elements.map((element, i) => [i, null, part(element)]);
  if (node.kind === 'object') return node.fields.map(([key, inner], i) => [i, key, part(inner)]);
  return [];
}

export const variantGeneratorFunctions = {
  /** A row for each part of a variant. */
  variantExplode: generator({
    name: 'variantExplode',
    sql: ['variant_explode'],
    summary: 'A row for each element of an array or field of an object in a variant: position, key and value.',
    resolve: (args) => resolveExplode(args, false),
    eval: explode,
    examples: [],
  }),
  /** As `variantExplode`, with a row of nulls where there is nothing to take apart. */
  variantExplodeOuter: generator({
    name: 'variantExplodeOuter',
    sql: ['variant_explode_outer'],
    summary: 'As variant_explode, with a row of nulls where there is nothing to take apart.',
    resolve: (args) => resolveExplode(args, true),
    eval: explode,
    examples: [],
  }),
};
