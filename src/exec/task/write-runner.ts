import {
  Arena,
  type Batch,
  type Column,
  engineBug,
  type FileWriter,
  formatScalar,
  readColumn,
  type Scalar,
  SparrowError,
  type WrittenFile,
} from '../../base/index.js';
import { taskPath } from '../../io/write-job.js';
import { MORE } from '../compile/pipe.js';
import type { SinkForm } from '../compile/sink-form.js';
import { gatherRows } from './gather.js';
import { OutputWriter } from './output-writer.js';
import { type SinkEnvironment, type SinkRunner, unexplained } from './sink-types.js';
import type { PipelineSpec, SourceColumn, WriteSink } from './spec.js';
import type { TaskOutput } from './task.js';

interface OpenFile {
  readonly writer: FileWriter;
  readonly temporaryPath: string;
  readonly finalPath: string;
  readonly partitions: NonNullable<WrittenFile['partitions']>;
  rows: number;
}

/** Files open at once in one task: the rest of a task's partitions is refused, with a way out. */
const MAX_OPEN_FILES = 1000;

/** Writes a task's rows into files: one, or one for each combination of partition values. */
export class WriteRunner implements SinkRunner {
  readonly #output: OutputWriter;
  readonly #open = new Map<string, OpenFile>();
  readonly #done: WrittenFile[] = [];
  #files = 0;
  /** The source columns that are written, while nothing else is: batches need not be copied then. */
  #passed: readonly number[] | undefined;
  #rows = 0;

  constructor(
    private readonly environment: SinkEnvironment,
    private readonly sink: WriteSink,
    expectedRows: number,
  ) {
    const { output, state, layout } = environment;
    this.#output = new OutputWriter(output, state, layout, sink.columns, {
      expectedRows,
      take: (batch) => this.#write(batch),
    });
    this.#passed = environment.request.limit === undefined ? passedColumns(environment.request.spec) : undefined;
  }

  pass({ rows, columns }: Batch): boolean {
    if (this.#passed === undefined) return false;
    this.#write({ rows, columns: this.#passed.map((index) => columns[index] as Column) });
    return true;
  }

  use(form: SinkForm, batch: Batch | undefined): void {
    if (form.kind !== 'output') throw engineBug('output form expected');
    this.#passed = undefined;
    this.#output.use(form.columns, batch);
  }

  more(what: number, detail: number): void {
    if (what === MORE.FLUSH) this.#output.flush(true);
    else if (what === MORE.OUT_BYTES) this.#output.growBytes(detail);
  }

  startGroups(): void {}

  finish(): TaskOutput {
    this.#output.flush(false);
    if (this.#files === 0 && this.sink.evenIfEmpty) this.#file('', []);
    for (const name of [...this.#open.keys()]) this.#end(name);
    return { kind: 'files', files: this.#done, rows: this.#rows };
  }

  abandon(): void {
    for (const { writer } of this.#open.values()) writer.abort();
    this.#open.clear();
  }

  explainFailure(): never {
    return unexplained();
  }

  #write(batch: Batch): void {
    this.#rows += batch.rows;
    const { partitionBy } = this.sink;
    if (partitionBy.length === 0) {
      this.#put(batch, '', []);
      return;
    }
    const { heap } = this.environment.programs;
    const keys = partitionBy.map((index) => readColumn(heap, batch.columns[index] as Batch['columns'][number]));
    const groups = new Map<string, { rows: number[]; values: (string | null)[] }>();
    for (let row = 0; row < batch.rows; row++) {
      const values = keys.map((key, k) => this.#text(key[row] as Scalar, partitionBy[k] as number));
      const name = JSON.stringify(values);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { rows: [row], values });
      else group.rows.push(row);
    }
    for (const [name, { rows, values }] of groups) this.#writeGroup(batch, rows, name, values);
  }

  #writeGroup(batch: Batch, rows: readonly number[], name: string, values: readonly (string | null)[]): void {
    const columns = batch.columns.filter((_, i) => !this.sink.partitionBy.includes(i));
    this.#put({ rows: batch.rows, columns }, name, values, rows);
  }

  /** Rows of a batch, all or some, to a file, or to as many as hold them. */
  #put(batch: Batch, name: string, values: readonly (string | null)[], some?: readonly number[]): void {
    const { maxRows = Number.POSITIVE_INFINITY, maxBytes } = this.sink;
    const count = some?.length ?? batch.rows;
    for (let from = 0; from < count; ) {
      const file = this.#file(name, values);
      const to = Math.min(count, from + maxRows - file.rows);
      if (to - from === batch.rows) file.writer.write(batch);
      else this.#writeRows(batch, some?.slice(from, to) ?? Array.from({ length: to - from }, (_, i) => from + i), file);
      file.rows += to - from;
      from = to;
      if (file.rows >= maxRows || (maxBytes !== undefined && this.#bytes(file) >= maxBytes)) this.#end(name);
    }
  }

  #writeRows(batch: Batch, rows: readonly number[], { writer }: OpenFile): void {
    const { programs, request } = this.environment;
    // The driver's to release should this thread die: see the scheduler.
    const arena = new Arena(programs.heap, request.passingArenas[0] as number, 'partition');
    try {
      writer.write(gatherRows(batch, rows, arena));
    } finally {
      arena.release();
    }
  }

  #bytes({ temporaryPath }: OpenFile): number {
    return this.environment.context.platform.files.stat(temporaryPath)?.size ?? 0;
  }

  /** Completes a file; more rows of its partition go to another one. */
  #end(name: string): void {
    const { writer, temporaryPath, finalPath, partitions } = this.#open.get(name) as OpenFile;
    this.#done.push({ temporaryPath, finalPath, partitions, ...writer.finish() });
    this.#open.delete(name);
  }

  #text(value: Scalar, column: number): string | null {
    const { type } = this.sink.columns[column] as SourceColumn;
    if (value === null) return null;
    if (type.kind === 'timestamp' && this.sink.namesInstants) return instantText(value as bigint);
    return formatScalar(type, value, this.environment.request.spec.settings.timeZone);
  }

  #file(name: string, values: readonly (string | null)[]): OpenFile {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const { sink, environment } = this;
    if (sink.bucketed === true) for (const done of [...this.#open.keys()]) this.#end(done);
    if (this.#open.size >= MAX_OPEN_FILES) {
      throw new SparrowError('TOO_MANY_PARTITIONS', `one task writes more than ${MAX_OPEN_FILES} partitions`, {
        hint: 'partition by columns with fewer values',
      });
    }
    const { request, context, writes } = environment;
    const all = sink.partitionBy.map((index, k) => [sink.names[index] as string, values[k] as string | null] as const);
    const partitions = sink.bucketed === true ? all.slice(0, -1) : all;
    const file = this.#files++;
    const paths = taskPath(sink.plan, {
      task: request.task,
      attempt: request.attempt,
      file,
      extension: sink.extension,
      partitions,
      ...(sink.bucketed === true ? { bucket: Number(values.at(-1)) } : {}),
    });
    const columns = sink.columns.flatMap((column, i) =>
      sink.partitionBy.includes(i)
        ? []
        : [{ name: sink.names[i] as string, type: column.type, nullable: column.nullable }],
    );
    if (writes?.createWriter === undefined) {
      throw new SparrowError('UNSUPPORTED_FEATURE.WRITE', `the format ${sink.format} cannot be written`, {
        hint: 'write parquet or csv',
      });
    }
    const writer = writes.createWriter(paths.temporaryPath, columns, sink.options, context);
    const opened = { writer, ...paths, partitions, rows: 0 };
    this.#open.set(name, opened);
    return opened;
  }
}

/** The source columns that come out of a pipeline that does nothing but choose them. */
function passedColumns({ source, steps }: PipelineSpec): readonly number[] | undefined {
  if (source.kind !== 'batches') return undefined;
  let columns = [...source.columns.keys()];
  for (const step of steps) {
    if (step.kind !== 'project' || step.exprs.some(({ kind }) => kind !== 'column')) return undefined;
    columns = step.exprs.map((expr) => columns[(expr as { readonly index: number }).index] as number);
  }
  return columns;
}

/** An instant as Delta's log has it, whatever zone reads it: `2024-01-02T10:00:00.000000Z`. */
function instantText(micros: bigint): string {
  const [day, time = ''] = formatScalar({ kind: 'timestamp' }, micros, 'UTC').split(' ');
  const [seconds, fraction = ''] = time.split('.');
  return `${day}T${seconds}.${fraction.padEnd(6, '0')}Z`;
}
