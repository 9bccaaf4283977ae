import { type Arena, type MapScalar, type Scalar, SparrowError, type VariantScalar } from '../../base/index.js';
import { bigEndian } from './encode-flat.js';
import type { LeafWriter } from './encode-leaf.js';
import type { WriteNode } from './write-schema.js';

/** Takes nested values apart into the leaves below them, with levels. */
export class Shredder {
  /** One value, in the heap. */
  readonly #words: Int32Array;
  readonly #wide: BigInt64Array;
  readonly #float: Float32Array;
  readonly #double: Float64Array;

  constructor(
    private readonly leaves: readonly LeafWriter[],
    arena: Arena,
  ) {
    const { heap } = arena;
    const at = arena.alloc(8);
    this.#words = heap.i32.subarray(at >>> 2, (at >>> 2) + 2);
    this.#float = heap.f32.subarray(at >>> 2, (at >>> 2) + 1);
    this.#wide = heap.i64.subarray(at / 8, at / 8 + 1);
    this.#double = heap.f64.subarray(at / 8, at / 8 + 1);
  }

  /** One row of a column. */
  add(node: WriteNode, value: Scalar): void {
    this.#put(node, value, 0, 0);
  }

  /** `definition`: the level that what is around the value has reached. */
  #put(node: WriteNode, value: Scalar, definition: number, repetition: number): void {
    if (value === null) {
      if (!node.nullable)
        throw new SparrowError('NOT_NULL_CONSTRAINT_VIOLATION', `a value is null where none may be`, {
          where: this.#name(node),
        });
      this.#absent(node, definition, repetition);
      return;
    }
    switch (node.kind) {
      case 'leaf': {
        const leaf = this.leaves[node.leaf] as LeafWriter;
        leaf.addLevel(node.definition, repetition);
        this.#value(leaf, value);
        return;
      }
      case 'struct':
        node.fields.forEach((child, i) => {
          this.#put(child, (value as readonly Scalar[])[i] ?? null, node.definition, repetition);
        });
        return;
      case 'variant': {
        const variant = value as VariantScalar;
        this.#put(node.metadata, variant.metadata, node.definition, repetition);
        this.#put(node.value, variant.value, node.definition, repetition);
        return;
      }
      case 'list':
        this.#repeat(node, (value as readonly Scalar[]).length, repetition, (i, level) => {
          this.#put(node.element, (value as readonly Scalar[])[i] ?? null, node.definition + 1, level);
        });
        return;
      case 'map': {
        const { entries } = value as MapScalar;
        this.#repeat(node, entries.length, repetition, (i, level) => {
          const [key, item] = entries[i] as readonly [Scalar, Scalar];
          this.#put(node.key, key, node.definition + 1, level);
          this.#put(node.value, item, node.definition + 1, level);
        });
      }
    }
  }

  /** An empty list has one entry in every leaf below it, at the list's own level. */
  #repeat(
    node: WriteNode & { readonly kind: 'list' | 'map' },
    count: number,
    repetition: number,
    put: (i: number, level: number) => void,
  ): void {
    if (count === 0) this.#absent(node, node.definition, repetition);
    for (let i = 0; i < count; i++) put(i, i === 0 ? repetition : node.repetition);
  }

  /** Nothing below a level. */
  #absent(node: WriteNode, definition: number, repetition: number): void {
    for (const leaf of leavesBelow(node)) (this.leaves[leaf] as LeafWriter).addLevel(definition, repetition);
  }

  #name(node: WriteNode): string {
    const first = leavesBelow(node)[0] as number;
    return `column ${(this.leaves[first] as LeafWriter).leaf.path.join('.')}`;
  }

  #value(leaf: LeafWriter, value: Scalar): void {
    const words = this.#words;
    switch (leaf.leaf.physical) {
      case 'int32':
        words[0] = Number(value);
        leaf.addWords(words, 1);
        break;
      case 'float':
        this.#float[0] = value as number;
        leaf.addWords(words, 1);
        break;
      case 'int64':
        this.#wide[0] = value as bigint;
        leaf.addWords(words, 1);
        break;
      case 'double':
        this.#double[0] = value as number;
        leaf.addWords(words, 1);
        break;
      case 'boolean':
        leaf.addBooleans(Uint8Array.of(value === true ? 1 : 0));
        break;
      case 'fixed': {
        const bytes = new Uint8Array(leaf.leaf.typeLength);
        bigEndian(value as bigint, bytes);
        leaf.addFixedValue(bytes);
        break;
      }
      default: {
        const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : (value as Uint8Array);
        leaf.addBytes(bytes, 0, bytes.length);
      }
    }
  }
}

const below = new WeakMap<WriteNode, readonly number[]>();

/** The leaves of a node, in order. */
function leavesBelow(node: WriteNode): readonly number[] {
  let leaves = below.get(node);
  if (leaves === undefined) {
    leaves = childrenOf(node).flatMap(leavesBelow);
    if (node.kind === 'leaf') leaves = [node.leaf];
    below.set(node, leaves);
  }
  return leaves;
}

function childrenOf(node: WriteNode): readonly WriteNode[] {
  switch (node.kind) {
    case 'leaf':
      return [];
    case 'struct':
      return node.fields;
    case 'list':
      return [node.element];
    case 'map':
      return [node.key, node.value];
    case 'variant':
      return [node.metadata, node.value];
  }
}
