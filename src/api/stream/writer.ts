import { SparrowError } from '../../base/index.js';
import type { Plan } from '../../plan/node.js';
import type { FrameContext } from '../context.js';
import { theName } from '../names.js';
import { type Options, type OptionValue, optionTexts } from '../options.js';
import type { OutputMode } from './output-mode.js';
import type { StreamingQuery, StreamTask } from './query.js';

/** When a streaming query looks for new input: once for all that is there, or again and again. */
export type Trigger =
  | { readonly availableNow: true }
  | { readonly once: true }
  | { readonly processingTime: number | string };

interface Target {
  readonly format: string;
  readonly mode: OutputMode;
  readonly options: Readonly<Record<string, string>>;
  readonly partitionBy: readonly string[];
  readonly everyMs: number | undefined;
  readonly name: string | undefined;
  readonly each: ((plan: Plan, batch: number) => Promise<unknown>) | undefined;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, s: 1000, ms: 1, h: 3_600_000 };

/**
 * Writes a streaming frame: `frame.writeStream.option('checkpointLocation', 'state/').format('parquet').start('out/')`.
 * Files and Delta tables get the rows of each batch exactly once, however often the process dies. Immutable.
 */
export class DataStreamWriter<F> {
  constructor(
    private readonly context: FrameContext,
    private readonly plan: Plan,
    private readonly frame: (plan: Plan) => F,
    private readonly target: Target = {
      format: 'parquet',
      mode: 'append',
      options: {},
      partitionBy: [],
      everyMs: undefined,
      name: undefined,
      each: undefined,
    },
  ) {}

  /**
   * `append`: rows that do not change any more, groups by time when a watermark says that they are over. `update`, with
   * `foreachBatch`: groups that the batch changed. `complete`: the whole result over all input so far, in place of the last.
   */
  outputMode(mode: OutputMode): DataStreamWriter<F> {
    if (mode !== 'append' && mode !== 'complete' && mode !== 'update') {
      throw new SparrowError('STREAMING_OUTPUT_MODE.INVALID', `there is no output mode '${mode}' here`, {
        candidates: ['append', 'update', 'complete'],
      });
    }
    return this.#with({ mode });
  }
  /** Without one, as with `availableNow`, the query reads all that is there, batch by batch, and ends. */
  trigger(trigger: Trigger): DataStreamWriter<F> {
    if (!('processingTime' in trigger)) return this.#with({ everyMs: undefined });
    const { processingTime: given } = trigger;
    const [, count, unit = ''] = /^\s*(\d+)\s*(ms|s|m|h)[a-z]*\s*$/i.exec(String(given)) ?? [];
    const ms = typeof given === 'number' ? given : Number(count) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
    if (!(ms >= 0)) {
      throw new SparrowError('INVALID_OPTION', `the processing time is ${JSON.stringify(given)}`, {
        hint: "give milliseconds, or a text such as '10 seconds'",
      });
    }
    return this.#with({ everyMs: ms });
  }
  format(name: string): DataStreamWriter<F> {
    return this.#with({ format: theName(name, 'a format').toLowerCase() });
  }
  /** One option of the format, or `checkpointLocation`: the folder that keeps what was done, which every query needs. */
  option(name: string, value: OptionValue): DataStreamWriter<F> {
    return this.options({ [name]: value });
  }
  options(options: Options): DataStreamWriter<F> {
    return this.#with({ options: { ...this.target.options, ...optionTexts(options) } });
  }
  partitionBy(...columns: readonly string[]): DataStreamWriter<F> {
    return this.#with({ partitionBy: columns });
  }
  queryName(name: string): DataStreamWriter<F> {
    return this.#with({ name });
  }
  /** Calls a function with the rows of each batch. After a crash the last batch comes again, under the same number. */
  foreachBatch(each: (rows: F, batchId: number) => unknown): DataStreamWriter<F> {
    return this.#with({ each: async (plan, batch) => each(this.frame(plan), batch) });
  }

  /** Begins. What is wrong with the query itself is thrown by `awaitTermination`. */
  async start(path?: string): Promise<StreamingQuery> {
    const { format, mode, options: given, partitionBy, everyMs, name, each } = this.target;
    const isCheckpoint = ([option]: readonly [string, string]): boolean =>
      option.toLowerCase() === 'checkpointlocation';
    const checkpoint = Object.entries(given).find(isCheckpoint)?.[1];
    if (checkpoint === undefined) {
      throw new SparrowError('MISSING_CHECKPOINT_LOCATION', 'a streaming query needs a folder for its state', {
        hint: "writeStream.option('checkpointLocation', 'state/…')",
      });
    }
    const options = Object.fromEntries(Object.entries(given).filter((option) => !isCheckpoint(option)));
    const files = { format, partitionBy, options, path: path ?? given.path ?? '' };
    if (each === undefined && files.path === '') {
      throw new SparrowError('PATH_NOT_FOUND', 'a streaming query needs a path to write to', { hint: '.start(path)' });
    }
    if (each === undefined && mode === 'update') {
      throw new SparrowError('STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASINK', `${format} takes no rows that are updated`, {
        hint: 'merge them in foreachBatch, or use append or complete',
      });
    }
    const task: StreamTask = { plan: this.plan, checkpoint, mode, target: each ?? files, everyMs, name };
    const { StreamingQuery: Query } = await import('./query.js');
    return Query.start(this.context, task);
  }

  #with(change: Partial<Target>): DataStreamWriter<F> {
    return new DataStreamWriter(this.context, this.plan, this.frame, { ...this.target, ...change });
  }
}
