import {
  type DataType,
  encodeVariant,
  readVariant,
  type Scalar,
  type StructType,
  type VariantNode,
  type VariantScalar,
} from '../../base/index.js';
import { corrupt, type Place } from './error.js';

type Parts = readonly [value: Scalar, typed: Scalar];
const NULL: VariantNode = { kind: 'value', type: { kind: 'null' }, value: null };

/**
 * Puts a shredded variant together: what fits the type of `typed_value` lies there, the rest in `value` (the Parquet
 * format's VariantShredding.md). `type` is that of `typed_value`.
 */
export function unshred(metadata: Uint8Array, parts: Parts, type: DataType, place: Place): VariantScalar {
  const [value, typed] = parts;
  if (typed === null && value !== null) return { metadata, value: value as Uint8Array };
  // Where both are missing although something must be there, readers take a variant null.
  return encodeVariant(new Unshredder(metadata, place).node(parts, type) ?? NULL, 'a shredded variant');
}

class Unshredder {
  constructor(
    private readonly metadata: Uint8Array,
    private readonly place: Place,
  ) {}

  /** Undefined where there is nothing, as for a field that an object does not have. */
  node([value, typed]: Parts, type: DataType): VariantNode | undefined {
    const rest = value === null ? undefined : readVariant({ metadata: this.metadata, value: value as Uint8Array });
    if (typed === null) return rest;
    if (type.kind === 'struct') return this.#object(typed as readonly Scalar[], type, rest);
    if (rest !== undefined) throw corrupt(this.place, 'a variant has both value and typed_value');
    if (type.kind !== 'array') return { kind: 'value', type, value: typed };
    const elements = (typed as readonly Scalar[]).map((element) => this.#part(element, type.element) ?? NULL);
    return { kind: 'array', elements };
  }

  #object(typed: readonly Scalar[], type: StructType, rest: VariantNode | undefined): VariantNode {
    if (rest !== undefined && rest.kind !== 'object') {
      throw corrupt(this.place, 'a variant that is no object has shredded fields');
    }
    const fields = new Map<string, VariantNode>(rest?.fields ?? []);
    type.fields.forEach(({ name, type: part }, i) => {
      const found = this.#part(typed[i] ?? null, part);
      if (found !== undefined) fields.set(name, found);
      else fields.delete(name);
    });
    return { kind: 'object', fields: [...fields] };
  }

  /** An element or field: a group of `value` and `typed_value`, of which either may not be in the file. */
  #part(group: Scalar, type: DataType): VariantNode | undefined {
    if (group === null) return undefined;
    const { fields } = type as StructType;
    const values = group as readonly Scalar[];
    const at = (name: string): number => fields.findIndex((f) => f.name === name);
    const typed = at('typed_value');
    const value = at('value') < 0 ? null : (values[at('value')] ?? null);
    return this.node([value, values[typed] ?? null], fields[typed]?.type ?? { kind: 'null' });
  }
}

/** Whether a type can be that of shredded values: groups of `value` and `typed_value` all the way down. */
export function isShreddedType(type: DataType): boolean {
  if (type.kind === 'array') return isPart(type.element);
  if (type.kind === 'struct') return type.fields.every((f) => isPart(f.type));
  return type.kind !== 'map' && type.kind !== 'variant';
}

function isPart(type: DataType): boolean {
  if (type.kind !== 'struct' || type.fields.length === 0) return false;
  return type.fields.every(({ name, type: of }) =>
    name === 'value' ? of.kind === 'binary' : name === 'typed_value' && isShreddedType(of),
  );
}
