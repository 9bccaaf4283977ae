import type { Batch, ColumnStats } from './column.js';
import type { Platform } from './platform.js';
import type { Scalar } from './scalar.js';
import type { TaskContext } from './task-context.js';
import type { DataType, Schema } from './types.js';

/** The small predicate language given to sources: what statistics, bloom filters and partitions can decide. */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly inputs: readonly Predicate[] }
  | { readonly kind: 'not'; readonly input: Predicate }
  | {
      readonly kind: 'compare';
      readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
      readonly column: string;
      /** Of the column's type, as its scalar. Never null. */
      readonly value: Scalar;
    }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly Scalar[] }
  | { readonly kind: 'is_null' | 'is_not_null'; readonly column: string };

/** Names of fields, outermost first. */
export type FieldPath = readonly string[];

/** What a query wants of a source. Sources may return more rows than `predicate` admits, never fewer. */
export interface ScanRequest {
  /** Top-level columns, in the order wanted. */
  readonly columns: readonly string[];
  /** Of struct columns: the paths of the fields that are read. What else is in them may be null in what a source gives. */
  readonly fields?: Readonly<Record<string, readonly FieldPath[]>>;
  readonly predicate?: Predicate;
  /** Enough rows: a source may stop after them. */
  readonly limit?: number;
  /** Columns that the query reads several times. */
  readonly kept?: KeptColumns;
}

/** Where what is decoded of columns is kept for the query's other scans of them. */
export interface KeptColumns {
  /** The arena of their values, which lives as long as the query. */
  readonly arena: number;
  /** By column the address of KEPT_ENTRY_BYTES for each piece of the source, zero at first. */
  readonly entries: Readonly<Record<string, number>>;
}

export const KEPT_ENTRY_BYTES = 32;

/** What is known about a table before it is read. */
export interface TableStatistics {
  readonly rows?: number;
  readonly bytes?: number;
  readonly columns: Readonly<Record<string, ColumnStats & { readonly nullCount?: number }>>;
}

/** One independently readable piece of a source (a row group, a range of a CSV file): plain data, read by one task. */
export interface ScanSplit {
  /** The format that can read it: a key of io's registry. */
  readonly format: string;
  /** For messages: file and position. */
  readonly label: string;
  /** The file it is of, where it is of one. */
  readonly file?: string;
  /** Its number among all pieces of the source, where the source has numbers for them. */
  readonly piece?: number;
  readonly rows?: number;
  readonly bytes?: number;
  /** Its rows take so much memory that a task reads no others. */
  readonly isLarge?: boolean;
  readonly stats?: Readonly<Record<string, ColumnStats & { readonly nullCount?: number }>>;
  /** The format's own plain data. */
  readonly payload: unknown;
}

/** A resolved source on the planning side: metadata has been read, nothing else. */
export interface TableSource {
  /** For explain: `parquet flights.parquet`. */
  readonly label: string;
  readonly format: string;
  readonly schema: Schema;
  readonly statistics: TableStatistics;
  /** How many pieces there are in all, where its reader keeps columns for other scans. */
  readonly pieces?: number;
  /** Rows of the same source come in other queries, whose results are put together with this one's. */
  readonly isPart?: boolean;
  /** The pieces to read for a request, after pruning; plus what pruning saved. */
  plan(request: ScanRequest): Promise<{ readonly splits: readonly ScanSplit[]; readonly skipped: number }>;
}

/** A source as the user named it: opening reads its metadata (schema, footers), asynchronously. */
export interface SourceDescription {
  readonly format: string;
  readonly paths: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** The session's time zone, for times without one. */
  readonly zone?: string;
  /** The schema the user gave, where he gave one. */
  readonly schema?: Schema;
  /** A column more, of this name, tells the file of each row. */
  readonly fileName?: string;
  /** Of the files that the paths mean, only these. */
  readonly only?: readonly string[];
  /** `source`: a stream, which only a streaming query reads. Else what a micro-batch of one reads, for its output mode;
   * `state`: a part, of which the operators that need all of it are given what they kept. */
  readonly stream?: 'source' | 'append' | 'complete' | 'state';
}

/** The reading half of a format, used by tasks. Batches hold the requested columns in order, ≤ BATCH_ROWS rows each. */
export interface SplitReader {
  read(split: ScanSplit, request: ScanRequest, context: TaskContext): Iterable<Batch> | AsyncIterable<Batch>;
}

/** What one writing task produced, committed by the driver when all tasks are done. */
export interface WrittenFile {
  readonly temporaryPath: string;
  readonly finalPath: string;
  /** The values of the partition columns as text, outermost first. */
  readonly partitions?: readonly (readonly [name: string, value: string | null])[];
  readonly rows: number;
  readonly bytes: number;
}

/** The writing half of a format: one file, fed batch by batch. */
export interface FileWriter {
  write(batch: Batch): void;
  /** Completes the file and makes it durable. */
  finish(): { readonly rows: number; readonly bytes: number };
  /** Drops what was written. */
  abort(): void;
}

/** A file elsewhere, of which pieces can be fetched. */
export interface FetchedFile {
  readonly size: number;
  /** Fetches what is not there yet. */
  ensure(ranges: readonly (readonly [start: number, end: number])[]): Promise<void>;
  /** Bytes that are there. */
  read(start: number, end: number): Uint8Array;
}

/** Which bytes of a file a format reads, so that no others are fetched. */
export interface RemoteReads {
  /** Fetches what opening the file reads. */
  prepare(file: FetchedFile): Promise<void>;
  /** What reading a split reads. */
  ranges(split: ScanSplit): readonly { readonly path: string; readonly start: number; readonly end: number }[];
}

/** A format: one entry in io's list. */
export interface Format {
  readonly name: string;
  readonly extensions: readonly string[];
  /** For formats whose tables can be named in a catalog: the same source by its place. */
  locate?(description: SourceDescription): Promise<SourceDescription>;
  open(description: SourceDescription, platform: Platform): Promise<TableSource>;
  readonly reader: SplitReader;
  /** For files elsewhere; without it they are fetched whole. */
  readonly remote?: RemoteReads;
  createWriter?(
    path: string,
    columns: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[],
    options: Readonly<Record<string, string>>,
    context: TaskContext,
  ): FileWriter;
}
