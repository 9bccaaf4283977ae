import type { Batch, Carrier, DataType, ScanRequest, ScanSplit } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import type { WritePlan } from '../../io/write-job.js';
import type { AggregateSpec, GroupLimit, SortKey, WindowSpecCall } from '../physical.js';
import type { PackedBits } from '../row-layout.js';
import type { UdfColumn } from '../udf/batch-call.js';
import type { GenerateSpec } from './generate-rows.js';
import type { KeyBits, ProbeBits } from './key-bits.js';
import type { PlacedGroups, PlacedKeys } from './placed-groups.js';
import type { SpilledRows } from './spilled.js';

/**
 * What tasks are made of: plain data that crosses threads. A stage runs one pipeline over many inputs; each task
 * takes one input and gives one result.
 */
export interface PipelineSpec {
  readonly source: SourceSpec;
  readonly steps: readonly StepSpec[];
  readonly sink: SinkSpec;
  readonly settings: EvalSettings;
}

/** What is known of a source column for all tasks of the stage. */
export interface SourceColumn {
  readonly type: DataType;
  /** Some row of some input may be null. */
  readonly nullable: boolean;
  /** Bounds over all inputs of the stage. */
  readonly range?: Range;
}

export type SourceSpec =
  | {
      readonly kind: 'batches';
      readonly columns: readonly SourceColumn[];
      /** Their memory outlives the stage, so bytes need not be copied when rows are kept. */
      readonly stable: boolean;
    }
  | { readonly kind: 'rows'; readonly rows: RowSourceSpec };

/** Rows in row layout: what an aggregation, a sort or a join build kept. */
export type RowSourceSpec =
  /** Groups: columns are the keys, then the finished aggregates. */
  | { readonly kind: 'groups'; readonly keys: readonly SourceColumn[]; readonly aggregates: readonly AggregateSpec[] }
  /** Kept rows: columns are the stored fields. `unmatched`/`matched`: only rows whose mark is clear/set. */
  | { readonly kind: 'kept'; readonly layout: KeptLayoutSpec; readonly only?: 'matched' | 'unmatched' }
  /** Sorted rows with the columns that a window adds to them. */
  | { readonly kind: 'windowed'; readonly layout: KeptLayoutSpec; readonly added: readonly SourceColumn[] };

/** Fields of kept rows, after a header whose form depends on who keeps them. */
export interface KeptLayoutSpec {
  readonly header: 'join' | 'sort' | 'plain';
  readonly fields: readonly SourceColumn[];
  /** The last field is the number in the header of the row. */
  readonly numbered?: boolean;
  /** Sort entries are the rows: where each field is among their bits. */
  readonly packed?: readonly PackedBits[];
}

export type StepSpec =
  | { readonly kind: 'filter'; readonly condition: PhysicalExpr }
  | { readonly kind: 'project'; readonly exprs: readonly PhysicalExpr[] }
  | ProbeStep
  | { readonly kind: 'sample'; readonly lower: number; readonly upper: number; readonly seed: number }
  | { readonly kind: 'limit'; readonly rows: number };

/** Looks each row up in a join table (by its slot in the task's `tables`). */
export interface ProbeStep {
  readonly kind: 'probe';
  readonly table: number;
  /** Over the current columns; built keys are the first fields of the table's rows. */
  readonly keys: readonly PhysicalExpr[];
  readonly nullSafe: readonly boolean[];
  /** What comes out: `pairs` probe columns and build columns; `probe_outer` the same, with nulls for the unmatched; `semi`/`anti`: probe columns only; `mark`: nothing flows on, build rows are marked; `exists`: probe columns and whether there is a match. */
  readonly how: 'pairs' | 'probe_outer' | 'semi' | 'anti' | 'mark' | 'exists';
  /** No key has several rows. */
  readonly unique?: boolean;
  /** Matched build rows are marked, for a later pass over unmatched (or matched) ones. */
  readonly marks: boolean;
  /** How many columns the probe side has. */
  readonly probeColumns: number;
  /** Build fields to emit, as positions in the table's fields. */
  readonly payload: readonly number[];
  /** Emit build columns before probe columns (the build side is the left one). */
  readonly buildFirst: boolean;
  /** Over left columns then right columns. */
  readonly residual?: PhysicalExpr;
  readonly layout: KeptLayoutSpec;
  /** How the table is addressed, settled when it was built. */
  readonly addressing: JoinAddressing;
  /** The pipeline's rows were kept by these keys: their hash is known. */
  readonly isHashed?: boolean;
  /** The table has bits of its first key, which leave rows out before they come to this step. */
  readonly bits?: ProbeBits;
}

export type SinkSpec =
  | {
      readonly kind: 'output';
      readonly columns: readonly SourceColumn[];
      /** Texts stay where they are: for whoever takes each batch before they go. */
      readonly views?: boolean;
      /** The source's columns outlive what is made of them: where all rows come out, they are given as they are. */
      readonly passes?: boolean;
    }
  | {
      readonly kind: 'aggregate';
      readonly keys: readonly PhysicalExpr[];
      readonly aggregates: readonly AggregateSpec[];
      /** Rows no task exceeds, for narrow states. */
      readonly maxRows: number;
      /** Where the groups of the stage have their totals, when that is settled. */
      readonly placed?: PlacedGroups;
      /** So many keys say by themselves which partition a group belongs to. */
      readonly partitionKeys?: number;
    }
  /** `layout` has the keys first, then the other fields. */
  | {
      readonly kind: 'build';
      readonly keys: readonly PhysicalExpr[];
      readonly nullSafe: readonly boolean[];
      readonly fields: readonly PhysicalExpr[];
      readonly layout: KeptLayoutSpec;
      readonly keepNullKeys: boolean;
    }
  | SortSinkSpec
  | WriteSink
  | { readonly kind: 'none' };

/** Rows whose prefixes are equal under `mask` are a group; what comes behind the first rows of it may be left out. */
export interface SortedGroups extends GroupLimit {
  readonly mask: bigint;
  /** A table of each group's first prefixes, told by so many bits, says what is too late. */
  readonly tabled?: number;
}

/** Rows are kept and sorted: `layout` has the fields first, then the keys that are none of them. */
export interface SortSinkSpec {
  readonly kind: 'sort';
  readonly keys: readonly SortKey[];
  readonly keyColumns: readonly SourceColumn[];
  /** Where rows have the keys; none where their prefix tells all of them. */
  readonly keyFields: readonly number[];
  readonly fields: readonly PhysicalExpr[];
  readonly layout: KeptLayoutSpec;
  readonly limit?: number;
  readonly groupLimit?: SortedGroups;
}

/** Rows go into files of the task's own, committed by the driver when every task is done. */
export interface WriteSink {
  readonly kind: 'write';
  readonly columns: readonly SourceColumn[];
  readonly names: readonly string[];
  readonly format: string;
  readonly extension: string;
  readonly options: Readonly<Record<string, string>>;
  readonly plan: WritePlan;
  /** Positions of the columns whose values name the directories. */
  readonly partitionBy: readonly number[];
  /** The last of them is the number of the bucket, which names files; rows come in the order of all of them. */
  readonly bucketed?: boolean;
  /** Timestamps name directories as instants; else as times of the session's zone. */
  readonly namesInstants: boolean;
  /** Write a file without rows rather than none. */
  readonly evenIfEmpty: boolean;
  /** After so many rows, or bytes on disk, another file begins. */
  readonly maxRows?: number;
  readonly maxBytes?: number;
}

/** What one task reads. */
export type TaskInput =
  | {
      readonly kind: 'batches';
      readonly batches: readonly Batch[];
      readonly firstRow: number /** Rows of the first batch to pass over. */;
      readonly skip: number;
    }
  /** Pieces of a source, one after the other. */
  | {
      readonly kind: 'splits';
      readonly splits: readonly ScanSplit[];
      readonly request: ScanRequest;
      readonly firstRow: number;
    }
  | { readonly kind: 'groups'; readonly merge: MergeInput }
  /** Places from…to of the tables of tasks; the addresses are those of place 0. */
  | {
      readonly kind: 'totals';
      readonly keys: PlacedKeys;
      readonly tables: readonly number[];
      readonly from: number;
      readonly to: number;
    }
  /** Rows in memory, then rows on disk. */
  | { readonly kind: 'kept'; readonly chunks: readonly RowChunk[]; readonly spilled?: readonly SpilledRows[] }
  | JoinedInput
  /** What another pipeline gives, with a column more for each call of a user's function. */
  | {
      readonly kind: 'udf';
      readonly inner: InnerPipeline;
      readonly calls: readonly UdfColumn[];
      /** Columns of the inner pipeline that are passed on: those behind them are arguments only. */
      readonly width: number;
    }
  /** What another pipeline gives, each row with every row a generator makes of it. */
  | { readonly kind: 'generate'; readonly inner: InnerPipeline; readonly generate: GenerateSpec }
  | {
      readonly kind: 'sorted';
      readonly runs: readonly SortedRun[];
      /** The sort that made the runs. */
      readonly order: SortSinkSpec;
      readonly offset: number;
      readonly limit?: number;
      /** Rows of the runs at which the range begins and before which it ends; absent: at their beginning and end. */
      readonly from?: RunPosition;
      readonly to?: RunPosition;
      /** Only rows whose prefixes are not below `from` and below `to`. */
      readonly between?: { readonly from?: bigint; readonly to?: bigint };
      /** The runs become one on disk, made of so many of their pieces at a time. */
      readonly atOnce?: number;
      /** Computes columns over the rows once they are in order. */
      readonly window?: WindowTaskSpec;
    };

/** Whether rows of an input are read from disk, so that they and their texts are gone with the task. */
export function readsDisk(input: TaskInput): boolean {
  if (input.kind === 'kept') return input.spilled !== undefined;
  if (input.kind === 'sorted') return input.runs.some((run) => run.spilled !== undefined);
  return input.kind === 'groups' && input.merge.parts.some((part) => part.spilled.length > 0);
}

/** Row number `row` of run number `run`. */
export interface RunPosition {
  readonly run: number;
  readonly row: number;
}

/** The rows of pieces of a source, where all are known. */
export function rowsOfSplits(splits: readonly ScanSplit[]): number | undefined {
  let rows = 0;
  for (const split of splits) {
    if (split.rows === undefined) return undefined;
    rows += split.rows;
  }
  return rows;
}

/** A pipeline that runs within a task and feeds another one. */
export interface InnerPipeline {
  readonly spec: PipelineSpec;
  readonly specKey: string;
  readonly input: TaskInput;
  readonly tables: readonly JoinTable[];
  readonly names?: readonly string[];
}

/** What a task computes over sorted rows. */
export interface WindowTaskSpec {
  readonly layout: KeptLayoutSpec;
  readonly keyColumns: readonly SourceColumn[];
  /** As in the sort's sink: the partition's keys first. */
  readonly keyFields: readonly number[];
  readonly partitions: number;
  /** The same over the input's columns. */
  readonly partitionBy: readonly PhysicalExpr[];
  readonly orderBy: readonly SortKey[];
  readonly calls: readonly WindowSpecCall[];
  /** For each argument of each call the field it is stored in; absent for literals. */
  readonly args: readonly (readonly (number | undefined)[])[];
  /** Fields of the calls' filters. */
  readonly filters: readonly (number | undefined)[];
  /** The input's columns: the first fields. */
  readonly inputs: number;
}

/** Rows in one piece: `rows` of them from `address` on, `stride` bytes each. */
export interface RowChunk {
  readonly address: number;
  readonly rows: number;
  readonly stride: number;
}

/** A list of the addresses of rows. */
export interface RowList {
  readonly address: number;
  readonly count: number;
}

/** The carriers the states of one task are kept in: part of the form of its partial rows. */
export type StateCarriers = readonly (readonly Carrier[])[];

/** Partial groups of all tasks whose hash begins with the `bits` bits `partition`, to be merged in order. */
export interface MergeInput {
  readonly partition: number;
  readonly bits: number;
  /** Bin by bin, since they are very many: in the order of the next bits of their hash. */
  readonly inBins: boolean;
  readonly parts: readonly MergePart[];
}

export interface MergePart {
  readonly carriers: StateCarriers;
  readonly chunks: readonly RowChunk[];
  /** Rows on disk, which come before those of `chunks`, … */
  readonly spilled: readonly SpilledRows[];
  /** … all of them of the partition. */
  readonly apart?: boolean;
  /** The order of all of them is that of their numbers. */
  readonly numbered?: boolean;
  /** Rows of every partition are among them, and those of others must be passed over. */
  readonly mixed: boolean;
  /** Every group has exactly one row: a single such part needs no merging. */
  readonly unique: boolean;
}

/** A range of sorted entries (16 bytes: u64 prefix, u32 row address, u32 zero). */
export interface SortedRun {
  readonly entries: number;
  readonly count: number;
  /** The rows are on disk and `entries` is 0. */
  readonly spilled?: SpilledRows;
}

/**
 * Which slot a row has: that of its hash, that of its first key's distance from the smallest one, the number of set bits
 * before its first key's (a dense table in the order of the keys), or all rows the same.
 */
export type JoinAddressing = 'direct' | 'ranked' | 'hash' | 'all';

/** A join table that tasks probe. */
export interface JoinTable {
  readonly addressing: JoinAddressing;
  /** Address of u32 heads. */
  readonly heads: number;
  /** hash: slots - 1; direct and ranked: slots. */
  readonly size: number;
  /** direct: the smallest key. */
  readonly base: bigint;
  readonly rows: number;
  readonly bits?: KeyBits;
}

/** Partitions of a join whose sides are on disk, at least in part. */
export interface JoinedInput {
  readonly kind: 'joined';
  /** Left and right side of each. */
  readonly partitions: readonly JoinPartition[];
  /** What is done where the rows of the side that is held fit into `tableBytes`. */
  readonly whole: JoinPass;
  /** What is done where they do not: each pass holds its side piece by piece, and reads the other one for every piece. */
  readonly pieces: readonly JoinPass[];
  /** A table over so many bytes of rows may be in memory. */
  readonly tableBytes: number;
}

export interface JoinPartition {
  readonly number: number;
  readonly sides: readonly [left: JoinSideRows, right: JoinSideRows];
}

/** Holds rows of one side in a table and looks up those of the other side in it. */
export interface JoinPass {
  /** The side that is held: 0 for the left one. */
  readonly held: 0 | 1;
  readonly stream: JoinPipeline;
  /** Over the rows held, when all others have been looked up. */
  readonly rest: readonly JoinPipeline[];
}

export interface JoinPipeline {
  readonly spec: PipelineSpec;
  readonly specKey: string;
}

/** Where the rows of one side are. */
export interface JoinSideRows {
  /** With their numbers. */
  readonly layout: KeptLayoutSpec;
  /** By the task that made them, in order. */
  readonly parts: readonly JoinSidePart[];
}

export interface JoinSidePart {
  /** The number of the task's first row. */
  readonly first: number;
  /** Rows of the partition that are on disk. They come first. */
  readonly spilled: readonly SpilledRows[];
  /** Those that stayed in memory. */
  readonly list: RowList;
}
