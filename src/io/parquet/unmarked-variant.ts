import { arrayType, type DataType, mapType, type StructType, structType, variantType } from '../../base/index.js';
import type { ColumnNode, FileColumn } from './schema.js';

interface Shaped {
  readonly type: DataType;
  readonly node: ColumnNode;
}

/**
 * A column of a file with variants where the table has some and the file structs of `metadata` and `value`: writers
 * before the format had an annotation left it out.
 */
export function withVariants(column: FileColumn, wanted: DataType): FileColumn {
  const { type, node } = column;
  return type === undefined || node === undefined ? column : { ...column, ...shaped({ type, node }, wanted) };
}

function shaped(found: Shaped, wanted: DataType): Shaped {
  const { type, node } = found;
  if (wanted.kind === 'variant') return (type.kind === 'struct' && asVariant(type, node)) || found;
  if (wanted.kind === 'array' && type.kind === 'array' && node.kind === 'list') {
    const element = shaped({ type: type.element, node: node.element }, wanted.element);
    return { type: arrayType(element.type, type.containsNull), node: { ...node, element: element.node } };
  }
  if (wanted.kind === 'map' && type.kind === 'map' && node.kind === 'map' && node.value !== undefined) {
    const value = shaped({ type: type.value, node: node.value }, wanted.value);
    return { type: mapType(type.key, value.type, type.valueContainsNull), node: { ...node, value: value.node } };
  }
  if (wanted.kind !== 'struct' || type.kind !== 'struct' || node.kind !== 'struct') return found;
  const parts = type.fields.map((f, i): Shaped => {
    const part = { type: f.type, node: node.fields[i] as ColumnNode };
    const asked = wanted.fields.find(({ name }) => name === f.name);
    return asked === undefined ? part : shaped(part, asked.type);
  });
  return {
    type: structType(type.fields.map((f, i) => ({ ...f, type: parts[i]?.type ?? f.type }))),
    node: { ...node, fields: parts.map((part) => part.node) },
  };
}

function asVariant(type: StructType, node: ColumnNode): Shaped | undefined {
  if (node.kind !== 'struct' || type.fields.length !== 2) return undefined;
  const part = (name: string): ColumnNode | undefined => {
    const at = type.fields.findIndex((f) => f.name === name && f.type.kind === 'binary');
    return at < 0 ? undefined : node.fields[at];
  };
  const [metadata, value] = [part('metadata'), part('value')];
  if (metadata === undefined || value === undefined) return undefined;
  return { type: variantType, node: { kind: 'variant', definition: node.definition, metadata, value } };
}
