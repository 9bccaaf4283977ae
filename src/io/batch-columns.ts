import type { Arena, Column, DataType, Scalar } from '../base/index.js';
import { constantColumn } from './constant-column.js';

/** A column a split is asked for: in the file, or the same in all its rows. */
export interface FileColumn {
  readonly name: string;
  readonly type: DataType;
  /** Undefined for what the file holds. */
  readonly constant?: Scalar;
}

/** The columns of a batch: those of the file by name, and constant ones. */
export function batchColumns(
  arena: Arena,
  wanted: readonly FileColumn[],
  rows: number,
  own: (name: string) => Column,
): Column[] {
  return wanted.map(({ name, type, constant }) =>
    constant === undefined ? own(name) : constantColumn(arena, type, rows, constant),
  );
}
