import { type Arena, BATCH_ROWS, buildColumn, type Column, type Scalar, storageBytes } from '../../base/index.js';
import { prepare } from '../../functions/evaluate.js';
import { findEntry } from '../../functions/registry.js';
import { STATE } from '../../functions/runtime.js';
import { MORE } from '../compile/pipe.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { stateLayout } from '../compile/state-layout.js';
import { isCompiledAggregate, windowState } from '../compile/window-aggregate.js';
import { BEGINS } from '../compile/window-emission.js';
import { compileWindow, resultStorage } from '../compile/window-module.js';
import { isCompiledRowCall } from '../compile/window-rows.js';
import type { WindowSpecCall } from '../physical.js';
import { type Programs, planKey } from './programs.js';
import { keptRowReader, rowOfEntry } from './read-rows.js';
import { RowStore } from './row-store.js';
import type { WindowTaskSpec } from './spec.js';
import type { TaskRequest } from './task.js';
import { windowColumns } from './window-columns.js';

type Mark = (state: number, entries: number, from: number, to: number) => void;
type CallRows = (
  state: number,
  entries: number,
  from: number,
  to: number,
  data: number,
  validity: number,
  group: number,
) => void;

interface Sorted {
  readonly address: number;
  readonly rows: number;
}

interface WindowEnvironment {
  readonly programs: Programs;
  checkCancelled(): void;
}

/** Rows of one call of compiled code, or a whole partition that is longer. */
const PIECE_ROWS = 8192;

/** The columns a window adds to sorted rows: compiled where there is such a form, else computed from values. */
export async function windowed(
  environment: WindowEnvironment,
  request: TaskRequest,
  window: WindowTaskSpec,
  sorted: Sorted,
  scratch: Arena,
): Promise<Column[]> {
  const compiled = window.calls.flatMap((call, i) => (isCompiled(call) ? [i] : []));
  const results =
    compiled.length === 0 ? undefined : runCompiled(environment, request, window, compiled, sorted, scratch);
  if (results !== undefined && compiled.length === window.calls.length) return results as Column[];
  // Also where compiled code failed: computing from values says how.
  const missing = window.calls.flatMap((_, i) => (results?.[i] === undefined ? [i] : []));
  const columns = await fromValues(environment, request, window, missing, sorted, scratch);
  return window.calls.map((_, i) => results?.[i] ?? (columns[missing.indexOf(i)] as Column));
}

/** Nothing but what is known here may be asked of a call: another property may change what it means. */
const KNOWN: ReadonlySet<string> = new Set(['fn', 'args', 'type', 'nullable', 'frame', 'filter']);
const KNOWN_FRAME: ReadonlySet<string> = new Set(['unit', 'start', 'end', 'startMonths', 'endMonths']);

function isCompiled(call: WindowSpecCall): boolean {
  const present = (object: object): string[] =>
    Object.entries(object).flatMap(([key, value]) => (value === undefined || value === false ? [] : [key]));
  if (present(call).some((key) => !KNOWN.has(key)) || call.type.kind === 'null') return false;
  if (call.frame !== undefined && present(call.frame).some((key) => !KNOWN_FRAME.has(key))) return false;
  return findEntry(call.fn)?.kind === 'aggregate' ? isCompiledAggregate(call) : isCompiledRowCall(call);
}

/** A column for each compiled call; undefined when one of them failed. */
function runCompiled(
  environment: WindowEnvironment,
  request: TaskRequest,
  window: WindowTaskSpec,
  calls: readonly number[],
  sorted: Sorted,
  scratch: Arena,
): (Column | undefined)[] | undefined {
  const { programs } = environment;
  const { heap } = programs;
  const { settings } = request.spec;
  const layout = stateLayout(request.spec);
  const key = `window ${layout.bytes} ${planKey([window, calls, settings])}`;
  const { exports: module, literals } = programs.linked<Record<string, unknown>>(key, () =>
    compileWindow(window, calls, settings, layout),
  );
  const state = scratch.allocZeroed(layout.bytes);
  heap.u32[(state + STATE.LITERALS) >>> 2] = scratch.alloc(literals.length);
  heap.u8.set(literals, heap.u32[(state + STATE.LITERALS) >>> 2]);
  const bytes = new RowStore(heap, scratch, state, 8);
  programs.attach(state, {
    moreHeap: (size) => {
      const address = scratch.alloc(Math.max(size, 1 << 16));
      heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = address;
      heap.u32[(state + STATE.HEAP_END) >>> 2] = address + Math.max(size, 1 << 16);
    },
    more: (what, detail) => {
      if (what === MORE.BYTES) bytes.moreBytes(detail);
    },
  });
  try {
    const mark = module.mark as Mark;
    for (let from = 0; from < sorted.rows; from += PIECE_ROWS)
      mark(state, sorted.address, from, Math.min(sorted.rows, from + PIECE_ROWS));
    const pieces = piecesOf(heap.u32, sorted);
    const results: (Column | undefined)[] = window.calls.map(() => undefined);
    for (const index of calls) {
      const call = window.calls[index] as WindowSpecCall;
      const column = emptyColumn(call, sorted.rows, scratch);
      const group =
        findEntry(call.fn)?.kind === 'aggregate' ? scratch.allocZeroed(windowState(call, settings).layout.stride) : 0;
      const run = module[`call_${index}`] as CallRows;
      for (let p = 0; p + 1 < pieces.length; p++) {
        run(state, sorted.address, pieces[p] as number, pieces[p + 1] as number, column.data, column.validity, group);
        environment.checkCancelled();
      }
      if (heap.i32[(state + STATE.ERROR) >>> 2] !== 0) return undefined;
      results[index] = column;
    }
    return results;
  } finally {
    programs.detach(state);
  }
}

/** Where the rows are cut into pieces of whole partitions. */
function piecesOf(words: Uint32Array, { address, rows }: Sorted): number[] {
  const cuts = [0];
  let next = PIECE_ROWS;
  while (next < rows) {
    const marks = words[(address + next * ENTRY_BYTES + 12) >>> 2] as number;
    if ((marks & BEGINS.PARTITION) === 0) {
      next++;
      continue;
    }
    cuts.push(next);
    next += PIECE_ROWS;
  }
  if (rows > 0) cuts.push(rows);
  return cuts;
}

function emptyColumn({ type, nullable }: WindowSpecCall, length: number, arena: Arena): Column {
  const storage = resultStorage(type);
  const data = arena.allocZeroed((storageBytes(storage) ?? 0) * length);
  const validity = nullable ? arena.allocZeroed((length + 7) >>> 3) : 0;
  return { type, storage, length, nullCount: nullable ? -1 : 0, validity, data, offsets: 0 };
}

async function fromValues(
  environment: WindowEnvironment,
  request: TaskRequest,
  window: WindowTaskSpec,
  calls: readonly number[],
  { address, rows }: Sorted,
  scratch: Arena,
): Promise<Column[]> {
  const { heap } = environment.programs;
  const { settings } = request.spec;
  const read = keptRowReader(heap, { ...window.layout, fields: window.layout.fields });
  const values: Scalar[][] = [];
  for (let i = 0; i < rows; i++) {
    values.push(read(rowOfEntry(heap, address + i * ENTRY_BYTES, window.layout)).slice(0, window.inputs));
    if (i % BATCH_ROWS === 0) environment.checkCancelled();
  }
  const plan = {
    partitionBy: window.partitionBy,
    orderBy: window.orderBy,
    calls: calls.map((i) => window.calls[i] as WindowSpecCall),
  };
  const breathe = async (): Promise<void> => environment.checkCancelled();
  const columns = await windowColumns(plan, values, (expr) => prepare(expr, settings), settings, breathe);
  return plan.calls.map((call, i) =>
    withOwnValidity(buildColumn(scratch, call.type, columns[i] as Scalar[]), call, scratch),
  );
}

/** Columns longer than a batch cannot share its bitmap of ones. */
function withOwnValidity(column: Column, { nullable }: WindowSpecCall, arena: Arena): Column {
  if (!nullable || column.validity !== 0 || column.length <= BATCH_ROWS) return column;
  const bytes = (column.length + 7) >>> 3;
  const validity = arena.alloc(bytes);
  arena.heap.fill(0xff, validity, bytes);
  return { ...column, validity };
}
