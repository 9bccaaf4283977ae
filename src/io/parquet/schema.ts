import {
  arrayType,
  type DataType,
  type Field,
  type FieldPath,
  field,
  mapType,
  simpleString,
  structType,
  variantType,
} from '../../base/index.js';
import { distinctNames } from '../distinct-names.js';
import { badFooter } from './error.js';
import { fromConverted, type LeafDecode, leafType } from './leaf-type.js';
import type { FileMetadata, SchemaElement } from './metadata.js';
import { isShreddedType } from './shredded.js';

/** How a column is put together from its leaves: plain data that travels to the task. Levels as Parquet counts them. */
export type ColumnNode =
  | {
      readonly kind: 'leaf';
      /** Index of the column chunk in a row group. */
      readonly chunk: number;
      readonly path: string;
      readonly type: DataType;
      readonly decode: LeafDecode;
      readonly maxDefinition: number;
      readonly maxRepetition: number;
    }
  | {
      readonly kind: 'struct';
      /** The struct is there from this definition level on. */
      readonly definition: number;
      readonly fields: readonly ColumnNode[];
      /** A field that is read only because none of the others is in the file. */
      readonly witness?: ColumnNode;
    }
  | {
      readonly kind: 'list';
      readonly definition: number;
      /** An element is there from this definition level on; below it the list is empty. */
      readonly elementDefinition: number;
      readonly repetition: number;
      readonly element: ColumnNode;
    }
  | {
      readonly kind: 'map';
      readonly definition: number;
      readonly elementDefinition: number;
      readonly repetition: number;
      readonly key: ColumnNode;
      /** Absent in a map that has only keys. */
      readonly value?: ColumnNode;
    }
  | {
      /** A field that nobody reads: null. */
      readonly kind: 'unread';
    }
  | {
      readonly kind: 'variant';
      readonly definition: number;
      readonly metadata: ColumnNode;
      /** Of a shredded variant: what does not fit its type; may be absent. */
      readonly value?: ColumnNode;
      readonly typed?: { readonly type: DataType; readonly node: ColumnNode };
    };

/** The ids that the writer gave a field, and the parts of its type: fields of a struct, element, key and value. */
export interface FieldIds {
  readonly id?: number;
  readonly parts: readonly FieldIds[];
}

/** A top-level column of a file; `problem` says why it cannot be read. */
export interface FileColumn {
  readonly name: string;
  readonly nullable: boolean;
  readonly type?: DataType;
  readonly node?: ColumnNode;
  readonly problem?: string;
  readonly ids?: FieldIds;
}

interface Group {
  readonly element: SchemaElement;
  readonly children: readonly Group[];
  readonly path: string;
  readonly chunk: number;
  /** Levels at which this node itself is there. */
  readonly definition: number;
  readonly repetition: number;
}

interface Shaped {
  readonly type: DataType;
  readonly node: ColumnNode;
  readonly parts?: readonly FieldIds[];
}

const idsOf = ({ element: { fieldId } }: Group, { parts = [] }: Shaped): FieldIds =>
  fieldId === undefined ? { parts } : { id: fieldId, parts };

class Unreadable extends Error {}

const MAX_DEPTH = 100;

/** The columns of a file, in order, and how many leaves they have together. */
export function fileColumns(metadata: FileMetadata, path: string): { columns: readonly FileColumn[]; leaves: number } {
  const builder = new TreeBuilder(metadata.schema, path);
  const columns = builder.top().map((group): FileColumn => {
    const { name, repetition } = group.element;
    const nullable = repetition === 'optional';
    try {
      const { parts = [], ...shaped } = shape(group);
      return { name, nullable, ...shaped, ids: idsOf(group, { ...shaped, parts }) };
    } catch (error) {
      if (error instanceof Unreadable) return { name, nullable, problem: error.message };
      throw error;
    }
  });
  return { columns: distinctNames(columns), leaves: builder.leaves };
}

/** The leaves of a column, in order. */
export function leavesOf(node: ColumnNode): (ColumnNode & { kind: 'leaf' })[] {
  switch (node.kind) {
    case 'leaf':
      return [node];
    case 'struct':
      return [...node.fields, ...(node.witness ? [node.witness] : [])].flatMap(leavesOf);
    case 'unread':
      return [];
    case 'list':
      return leavesOf(node.element);
    case 'map':
      return [...leavesOf(node.key), ...(node.value === undefined ? [] : leavesOf(node.value))];
    case 'variant':
      return [node.metadata, node.value, node.typed?.node].flatMap((n) => (n === undefined ? [] : leavesOf(n)));
  }
}

/** A column of which only the fields at these paths are read. */
export function withFields(node: ColumnNode, type: DataType | undefined, paths: readonly FieldPath[]): ColumnNode {
  if (node.kind !== 'struct' || type?.kind !== 'struct' || paths.some((path) => path.length === 0)) return node;
  const fields = node.fields.map((child, i): ColumnNode => {
    const named = type.fields[i];
    const below = paths.filter(([name]) => name === named?.name).map(([, ...rest]) => rest);
    return below.length === 0 ? { kind: 'unread' } : withFields(child, named?.type, below);
  });
  // Whether the struct is there, one of its leaves tells.
  return fields.every((child) => leavesOf(child).length === 0) ? node : { ...node, fields };
}

/** Turns the flat list of schema elements into a tree, with levels. */
class TreeBuilder {
  leaves = 0;
  #next = 1;

  constructor(
    private readonly elements: readonly SchemaElement[],
    private readonly file: string,
  ) {}

  top(): Group[] {
    const root = this.elements[0] as SchemaElement;
    const groups = this.#children(root, '', 0, 0, 0);
    if (this.#next !== this.elements.length) {
      throw badFooter(this.file, `its schema uses ${this.#next} of ${this.elements.length} elements`);
    }
    return groups;
  }

  #children(parent: SchemaElement, path: string, definition: number, repetition: number, depth: number): Group[] {
    if (depth > MAX_DEPTH) throw badFooter(this.file, `its schema is nested more than ${MAX_DEPTH} levels deep`);
    const groups: Group[] = [];
    for (let i = 0; i < parent.children; i++) {
      const element = this.elements[this.#next++];
      if (element === undefined) throw badFooter(this.file, 'its schema ends too early');
      const own = path === '' ? element.name : `${path}.${element.name}`;
      const d = definition + (element.repetition === 'optional' || element.repetition === 'repeated' ? 1 : 0);
      const r = repetition + (element.repetition === 'repeated' ? 1 : 0);
      const isLeaf = element.physical !== undefined && element.children === 0;
      const chunk = isLeaf ? this.leaves++ : -1;
      const children = this.#children(element, own, d, r, depth + 1);
      groups.push({ element, children, path: own, chunk, definition: d, repetition: r });
    }
    return groups;
  }
}

/** Type and node of a group as a value; a repeated one without annotation is a list. */
function shape(group: Group): Shaped {
  if (group.element.repetition !== 'repeated') return shapeOnce(group);
  return listOf(group, group.definition - 1, group, shapeOnce(group), false);
}

function listOf(repeated: Group, definition: number, of: Group, element: Shaped, containsNull: boolean): Shaped {
  return {
    parts: [idsOf(of, element)],
    type: arrayType(element.type, containsNull),
    node: {
      kind: 'list',
      definition,
      elementDefinition: repeated.definition,
      repetition: repeated.repetition,
      element: element.node,
    },
  };
}

/** The group itself, whatever its repetition. */
function shapeOnce(group: Group): Shaped {
  const { element, children } = group;
  if (group.chunk >= 0) return shapeLeaf(group);
  if (children.length === 0) throw new Unreadable(`${group.path} is a group without fields`);
  const logical = (element.logical ?? fromConverted(element))?.kind;
  const only = children.length === 1 ? children[0] : undefined;
  const isRepeatedGroup = only?.element.repetition === 'repeated';
  if (logical === 'list' && only !== undefined && isRepeatedGroup) return shapeList(group, only);
  if (logical === 'map' && only !== undefined && isRepeatedGroup && only.chunk < 0) return shapeMap(group, only);
  if (logical === 'variant') return shapeVariant(group);
  return shapeStruct(group);
}

function shapeLeaf(group: Group): Shaped {
  const leaf = leafType(group.element);
  if (typeof leaf === 'string') throw new Unreadable(`${group.path} has ${leaf}`);
  const node: ColumnNode = {
    kind: 'leaf',
    chunk: group.chunk,
    path: group.path,
    ...leaf,
    maxDefinition: group.definition,
    maxRepetition: group.repetition,
  };
  return { type: leaf.type, node };
}

function shapeStruct(group: Group): Shaped {
  const shaped = group.children.map(shape);
  const fields: Field[] = group.children.map((child, i) =>
    field(child.element.name, (shaped[i] as Shaped).type, child.element.repetition === 'optional'),
  );
  return {
    type: structType(fields),
    node: { kind: 'struct', definition: group.definition, fields: shaped.map((s) => s.node) },
    parts: group.children.map((child, i) => idsOf(child, shaped[i] as Shaped)),
  };
}

/** Standard three-level lists, and the older two-level forms by the rules of the format. */
function shapeList(group: Group, repeated: Group): Shaped {
  const [inner] = repeated.children;
  const isElement =
    repeated.chunk >= 0 ||
    repeated.children.length !== 1 ||
    inner === undefined ||
    inner.element.repetition === 'repeated' ||
    repeated.element.name === 'array' ||
    repeated.element.name === `${group.element.name}_tuple`;
  if (isElement) return listOf(repeated, group.definition, repeated, shapeOnce(repeated), false);
  return listOf(repeated, group.definition, inner, shape(inner), inner.element.repetition === 'optional');
}

function shapeMap(group: Group, entries: Group): Shaped {
  const [key, value] = entries.children;
  if (key === undefined || entries.children.length > 2)
    throw new Unreadable(`${group.path} is a map of an unknown form`);
  const shapedKey = shape(key);
  if (value === undefined)
    return listOf(entries, group.definition, key, shapedKey, key.element.repetition === 'optional');
  const shapedValue = shape(value);
  return {
    type: mapType(shapedKey.type, shapedValue.type, value.element.repetition === 'optional'),
    node: {
      kind: 'map',
      definition: group.definition,
      elementDefinition: entries.definition,
      repetition: entries.repetition,
      key: shapedKey.node,
      value: shapedValue.node,
    },
    parts: [idsOf(key, shapedKey), idsOf(value, shapedValue)],
  };
}

function shapeVariant(group: Group): Shaped {
  const by = (name: string) => group.children.find((child) => child.element.name === name);
  const [metadata, value, typed] = [by('metadata'), by('value'), by('typed_value')];
  if (metadata === undefined || metadata.chunk < 0 || (value ?? typed) === undefined || (value && value.chunk < 0)) {
    throw new Unreadable(`${group.path} is a VARIANT without metadata and value`);
  }
  const bytes = (part: Group): ColumnNode => {
    const { type, node } = shapeLeaf(part);
    if (type.kind === 'binary') return node;
    throw new Unreadable(`${part.path} of a VARIANT is ${simpleString(type)}, not binary`);
  };
  return {
    type: variantType,
    node: {
      kind: 'variant',
      definition: group.definition,
      metadata: bytes(metadata),
      ...(value === undefined ? {} : { value: bytes(value) }),
      ...(typed === undefined ? {} : { typed: shapeTyped(typed) }),
    },
  };
}

/** The typed half of a shredded variant. */
function shapeTyped(typed: Group): Shaped {
  const shaped = shape(typed);
  // The format has no unsigned numbers nor bytes of fixed length in variants.
  const isForeign = ({ decode: { unsigned, physical, convert } }: ColumnNode & { kind: 'leaf' }): boolean =>
    unsigned === true || (physical === 'fixed' && convert === 'none');
  if (!isShreddedType(shaped.type) || leavesOf(shaped.node).some(isForeign)) {
    throw new Unreadable(`${typed.path} is shredded as ${simpleString(shaped.type)}, which is none of variants`);
  }
  return shaped;
}
