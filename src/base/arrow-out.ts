import * as arrow from 'apache-arrow';
import { type ArrowLayout, LayoutWriter } from './arrow-layout.js';
import { toArrowField, toArrowType } from './arrow-types.js';
import type { Batch, Column, Dictionary } from './column.js';
import type { SharedHeap } from './heap.js';
import type { DataType, Schema } from './types.js';

export interface ToArrowOptions {
  /**
   * Without a copy, buffers that need no conversion are views of the heap: valid only as long as the arenas of the
   * batches, and shared memory that some APIs refuse.
   */
  readonly copy: boolean;
  /** Dictionaries that were converted before; those that are now are added. */
  readonly known?: ArrowDictionaries;
}

/** Arrow's form of dictionaries, by type and number: several tables may share them. */
export type ArrowDictionaries = Map<string, arrow.Vector>;

/** Batches as an Arrow table: one record batch each; strings with one dictionary throughout stay dictionary-coded. */
export function toArrowTable(
  heap: SharedHeap,
  schema: Schema,
  batches: readonly Batch[],
  { copy, known = new Map() }: ToArrowOptions = { copy: true },
): arrow.Table {
  const scratch = heap.newArena('to Arrow');
  try {
    const out = new Converter(new LayoutWriter(scratch, copy), known);
    const dictionaries = schema.fields.map((_, i) => commonDictionary(batches, i));
    const types = schema.fields.map(({ type }, i) => out.columnType(type, dictionaries[i]));
    const fields = schema.fields.map((field, i) => toArrowField(field, types[i]));
    const arrowSchema = new arrow.Schema(fields);
    const rows = new arrow.Struct(fields);
    const recordBatches = batches.map((batch) => {
      const children = batch.columns.map((column, i) => out.column(column, types[i] as arrow.DataType));
      const data = arrow.makeData({ type: rows, length: batch.rows, nullCount: 0, children });
      return new arrow.RecordBatch(arrowSchema, data);
    });
    return recordBatches.length === 0 ? new arrow.Table(arrowSchema) : new arrow.Table(arrowSchema, recordBatches);
  } finally {
    scratch.release();
  }
}

/** A dictionary with this many times more texts than there are rows is not taken along. */
const SPARSE_DICTIONARY = 4;

function commonDictionary(batches: readonly Batch[], column: number): Dictionary | undefined {
  const first = batches[0]?.columns[column]?.dictionary;
  const same = batches.every((batch) => batch.columns[column]?.dictionary?.id === first?.id);
  const rows = batches.reduce((n, batch) => n + batch.rows, 0);
  // One much larger than what uses it would be copied for nothing.
  return same && first !== undefined && first.count <= SPARSE_DICTIONARY * Math.max(rows, 256) ? first : undefined;
}

/** Makes apache-arrow's data of columns. */
class Converter {
  readonly #dictionaries = new Map<arrow.DataType, arrow.Vector>();

  constructor(
    private readonly layouts: LayoutWriter,
    private readonly known: ArrowDictionaries,
  ) {}

  columnType(type: DataType, dictionary: Dictionary | undefined): arrow.DataType {
    const values = toArrowType(type);
    if (dictionary === undefined) return values;
    const coded = new arrow.Dictionary(values, new arrow.Int32());
    const { id, count, offsets, data } = dictionary;
    const key = `${type.kind} ${id}`;
    let texts = this.known.get(key);
    if (texts === undefined) {
      const column: Column = { type, storage: 'utf8', length: count, nullCount: 0, validity: 0, data, offsets };
      texts = arrow.makeVector(this.column(column, values));
      this.known.set(key, texts);
    }
    this.#dictionaries.set(coded, texts);
    return coded;
  }

  column(column: Column, type: arrow.DataType): arrow.Data {
    const dictionary = this.#dictionaries.get(type);
    if (dictionary === undefined) return dataOf(this.layouts.column(column), type);
    return arrow.makeData({ ...this.layouts.coded(column), type: type as arrow.Dictionary, dictionary } as never);
  }
}

function dataOf({ children = [], ...layout }: ArrowLayout, type: arrow.DataType): arrow.Data {
  if (arrow.DataType.isNull(type)) return arrow.makeData({ type, length: layout.length });
  const parts = children.map((child, i) => dataOf(child, (type.children[i] as arrow.Field).type));
  const isList = arrow.DataType.isList(type) || arrow.DataType.isMap(type);
  return arrow.makeData({ ...layout, type, ...(isList ? { child: parts[0] } : { children: parts }) } as never);
}
