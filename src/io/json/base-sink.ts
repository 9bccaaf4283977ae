import { type Arena, BATCH_ROWS, type Column, type DataType } from '../../base/index.js';
import type { JsonScanner } from './scanner.js';

/** Collects the values of one column; a row that gets none is null, and one that gets several keeps the last. */
export interface Sink {
  /** Reads the scanner's next value into a row; false when it is no value of the type. */
  read(scanner: JsonScanner, row: number): boolean;
  /** Forgets what a row got. */
  clear(row: number): void;
  /** The column of the first rows, after which all is forgotten. */
  take(arena: Arena, rows: number): Column;
  /** Bytes of variable length so far. */
  readonly bytes: number;
}

/** Notes which rows have a value. */
export abstract class BaseSink {
  protected readonly valid = new Uint8Array(BATCH_ROWS);

  constructor(protected readonly type: DataType) {}

  clear(row: number): void {
    this.valid[row] = 0;
  }

  protected validity(arena: Arena, rows: number): { nullCount: number; validity: number } {
    const { valid } = this;
    let there = 0;
    for (let i = 0; i < rows; i++) there += valid[i] as number;
    if (there === rows) {
      valid.fill(0, 0, rows);
      return { nullCount: 0, validity: 0 };
    }
    const validity = arena.allocZeroed((rows + 7) >>> 3);
    const { u8 } = arena.heap;
    for (let i = 0; i < rows; i++) {
      if (valid[i] === 0) continue;
      const at = validity + (i >>> 3);
      u8[at] = (u8[at] as number) | (1 << (i & 7));
    }
    valid.fill(0, 0, rows);
    return { nullCount: rows - there, validity };
  }
}
