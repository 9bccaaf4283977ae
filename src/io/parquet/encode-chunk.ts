import type { Arena } from '../../base/index.js';
import type { BloomBuilder } from './encode-bloom.js';
import type { Encodings } from './encode-values.js';
import type { Compressor } from './write-codecs.js';
import type { EncodedPage } from './write-footer.js';

export interface LeafOptions {
  readonly dictionary: boolean;
  readonly encodings: Encodings;
  readonly pageBytes: number;
  readonly pageRows: number;
  readonly compressor: Compressor;
  readonly arena: Arena;
  /** Where the column gets a bloom filter. */
  readonly bloom?: BloomBuilder;
}

/** A column chunk, complete: pages ready to be written, and what the footer says of them. */
export interface EncodedChunk {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly uncompressedBytes: number;
  /** Bytes of the dictionary page, which comes first. */
  readonly dictionaryBytes: number;
  readonly values: number;
  readonly nulls: number;
  readonly encodings: readonly number[];
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly pages: readonly EncodedPage[];
  readonly bloom?: Uint8Array;
}
