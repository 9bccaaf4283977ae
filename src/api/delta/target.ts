import { type Field, SparrowError } from '../../base/index.js';
import { FILE_COLUMN, FILES_OPTION, PLACES_OPTION } from '../../io/delta/places.js';
import type { TableState } from '../../io/delta/table-state.js';
import { CHANGE_OPTION, type DeltaChangeOption } from '../../io/delta/write-options.js';
import { call, column, distinct, filter, literal, project, read, write } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { Plan } from '../../plan/node.js';
import { collectRows, runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { ActionOptions, WriteResult } from '../engine.js';
import { t } from '../types.js';

/** The table at a path, for changes of its rows: what a change reads and replaces is told file by file. */
export class DeltaTarget {
  constructor(
    readonly context: FrameContext,
    readonly path: string,
    readonly state: TableState,
  ) {}

  static async open(context: FrameContext, path: string): Promise<DeltaTarget> {
    const found = await DeltaTarget.find(context, path);
    if (found !== undefined) return found;
    throw new SparrowError('DELTA_MISSING_DELTA_TABLE', `${path} is no Delta table`, {
      where: `path ${path}`,
      hint: "write one with frame.write.delta('…')",
    });
  }

  static async find(context: FrameContext, path: string): Promise<DeltaTarget | undefined> {
    const { tableState } = await import('../../io/delta/table-state.js');
    const state = await tableState(path);
    return state === undefined ? undefined : new DeltaTarget(context, path, state);
  }

  get columns(): readonly Field[] {
    return this.state.columns;
  }

  /** The rows of the table, or of some of its files, as they are in the version that the change starts from. */
  rows(files?: readonly string[]): Plan {
    return this.#read(files === undefined ? {} : { [FILES_OPTION]: JSON.stringify(files) });
  }

  /** As `rows`, with the columns that tell each row's place. */
  placedRows(files?: readonly string[]): Plan {
    const some: Record<string, string> = files === undefined ? {} : { [FILES_OPTION]: JSON.stringify(files) };
    return this.#read({ ...some, [PLACES_OPTION]: 'true' });
  }

  #read(options: Readonly<Record<string, string>>): Plan {
    const at = { versionAsOf: String(this.state.version) };
    return read({ format: 'delta', paths: [this.path], options: { ...at, ...options } });
  }

  /** The files that hold rows for which the condition is true. */
  async filesWith(
    condition: Expr,
    options?: ActionOptions,
    matching: (rows: Plan) => Plan = (rows) => filter(rows, condition),
  ): Promise<string[]> {
    const found = distinct(project(matching(this.placedRows()), [column(FILE_COLUMN)]));
    const rows = await collectRows(this.context, found, options);
    return rows.map((row) => (row as Record<string, string>)[FILE_COLUMN] as string);
  }

  /** Makes the rows of a plan those of the table, in place of the files that the change removes. */
  async write(
    rows: Plan,
    change: Omit<DeltaChangeOption, 'version'>,
    given: ActionOptions = {},
    more: Readonly<Record<string, string>> = {},
  ): Promise<WriteResult> {
    const told: DeltaChangeOption = { ...change, version: this.state.version };
    const options = { ...more, [CHANGE_OPTION]: JSON.stringify(told) };
    const target = { format: 'delta', path: this.path, mode: 'append' as const, partitionBy: [], options };
    let result: WriteResult = { files: 0, rows: 0, bytes: 0 };
    await runToEnd(this.context, write(rows, target), { ...given, onWritten: (made) => (result = made) });
    return result;
  }
}

/** The rows for which a condition is false or null. */
export function without(rows: Plan, condition: Expr): Plan {
  return filter(rows, call('not', call('coalesce', condition, literal(t.boolean, false))));
}
