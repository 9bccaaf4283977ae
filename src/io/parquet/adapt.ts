import { type DataType, field, integerBounds, isInteger, sameType, structType } from '../../base/index.js';
import { type ColumnNode, leavesOf } from './schema.js';

/** The type that values of both have, fields of structs by name; undefined where there is none. */
export function mergedType(a: DataType, b: DataType): DataType | undefined {
  const inner = (x: DataType, y: DataType): DataType => mergedType(x, y) ?? unmerged();
  try {
    if (a.kind === 'struct' && b.kind === 'struct') {
      const names = new Map(b.fields.map((f) => [f.name, f.type]));
      const known = a.fields.map((f) => field(f.name, inner(f.type, names.get(f.name) ?? f.type)));
      const more = b.fields.filter(({ name }) => a.fields.every((f) => f.name !== name));
      return structType([...known, ...more.map((f) => field(f.name, nullable(f.type)))]);
    }
    if (a.kind === 'array' && b.kind === 'array')
      return { ...a, containsNull: true, element: inner(a.element, b.element) };
    if (a.kind === 'map' && b.kind === 'map')
      return { ...a, valueContainsNull: true, key: inner(a.key, b.key), value: inner(a.value, b.value) };
    return fits(a, b) ? nullable(b) : fits(b, a) ? nullable(a) : undefined;
  } catch (error) {
    if (error === NONE) return undefined;
    throw error;
  }
}

const NONE = new Error();
const unmerged = (): never => {
  throw NONE;
};

/** The same type, where everything inside may be null. */
export const nullable = (type: DataType): DataType =>
  type.kind === 'struct' || type.kind === 'array' || type.kind === 'map' ? (mergedType(type, type) as DataType) : type;

/**
 * Whether values of a file's type can be read as the table's: narrower integers and decimals, and structs with other
 * fields, of which missing ones are null.
 */
export function fits(from: DataType, to: DataType): boolean {
  if (isInteger(from) && isInteger(to)) {
    const [a, b] = [integerBounds(from), integerBounds(to)];
    return a !== undefined && b !== undefined && a[1] <= b[1];
  }
  if (from.kind === 'decimal' && to.kind === 'decimal')
    return from.scale === to.scale && from.precision <= to.precision;
  if (from.kind === 'struct' && to.kind === 'struct')
    return to.fields.every(({ name, type }) => {
      const own = from.fields.find((f) => f.name === name);
      return own === undefined || fits(own.type, type);
    });
  if (from.kind === 'array' && to.kind === 'array') return fits(from.element, to.element);
  if (from.kind === 'map' && to.kind === 'map') return fits(from.key, to.key) && fits(from.value, to.value);
  return sameType(from, to);
}

/** A nested column as one of another type that its own fits: fields by their names, in the order of the table's. */
export function adapted(node: ColumnNode, from: DataType, to: DataType): ColumnNode {
  if (node.kind === 'leaf') return to === from ? node : { ...node, type: to };
  if (node.kind === 'struct' && from.kind === 'struct' && to.kind === 'struct') {
    const fields = to.fields.map(({ name, type }): ColumnNode => {
      const i = from.fields.findIndex((f) => f.name === name);
      const child = node.fields[i];
      return child === undefined
        ? { kind: 'unread' }
        : adapted(child, (from.fields[i] as { type: DataType }).type, type);
    });
    // Whether the struct is there, some leaf of it has to tell.
    const hasLeaf = fields.some((child) => leavesOf(child).length > 0);
    return { ...node, fields, ...(hasLeaf ? {} : { witness: node.fields[0] as ColumnNode }) };
  }
  if (node.kind === 'list' && from.kind === 'array' && to.kind === 'array')
    return { ...node, element: adapted(node.element, from.element, to.element) };
  if (node.kind !== 'map' || from.kind !== 'map' || to.kind !== 'map') return node;
  const { key, value } = node;
  return {
    ...node,
    key: adapted(key, from.key, to.key),
    ...(value && { value: adapted(value, from.value, to.value) }),
  };
}
