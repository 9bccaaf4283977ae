import {
  type Bounds,
  BytesBounds,
  FixedBounds,
  footerBounds,
  indexBounds,
  type MinMax,
  NumberBounds,
  WordBounds,
} from './encode-bounds.js';
import type { EncodedPage } from './write-footer.js';
import type { WriteLeaf } from './write-schema.js';

/** The data pages of a column chunk, as the page index tells of them. */
export class PageList {
  readonly #bounds: Bounds;
  /** Some page has values without bounds. */
  #boundless = false;
  #pages: EncodedPage[] = [];
  #rows = 0;

  constructor(private readonly leaf: WriteLeaf) {
    this.#bounds = boundsOf(leaf);
  }

  add(
    place: Pick<EncodedPage, 'offset' | 'bytes'>,
    bounds: MinMax,
    levels: { readonly count: number; readonly nulls: number; readonly repetitions: Uint8Array },
  ): void {
    const { count, nulls, repetitions } = levels;
    const isNull = nulls === count;
    const { min, max } = bounds;
    if (min === undefined || max === undefined) this.#boundless ||= !isNull;
    else {
      this.#bounds.addPlain(min);
      this.#bounds.addPlain(max);
    }
    const told = this.leaf.physical === 'byte_array' ? indexBounds(bounds) : bounds;
    this.#pages.push({ ...place, firstRow: this.#rows, nulls, isNull, ...told });
    this.#rows += count;
    // Only the first level of a row is 0.
    if (this.leaf.maxRepetition > 0) for (let i = 0; i < count; i++) if (repetitions[i] !== 0) this.#rows--;
  }

  /** The pages and bounds of the chunk, whose dictionary takes so many bytes; the next chunk begins. */
  take(dictionaryBytes: number): MinMax & { readonly pages: readonly EncodedPage[] } {
    const bounds = footerBounds(this.#bounds.take());
    const pages = this.#pages.map((page) => ({ ...page, offset: page.offset + dictionaryBytes }));
    const taken = { ...(this.#boundless ? {} : bounds), pages };
    this.#boundless = false;
    this.#pages = [];
    this.#rows = 0;
    return taken;
  }
}

export function boundsOf({ physical }: WriteLeaf): Bounds {
  switch (physical) {
    case 'float':
    case 'double':
      return new NumberBounds(physical);
    case 'int32':
    case 'int64':
      return new WordBounds(physical === 'int32' ? 1 : 2);
    case 'byte_array':
      return new BytesBounds();
    default:
      return new FixedBounds(physical === 'boolean');
  }
}
