import { carrierOf, type DataType, engineBug, type Storage } from '../../base/index.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { ModuleContext } from '../../functions/module-context.js';
import { findEntry } from '../../functions/registry.js';
import type { Value } from '../../functions/value.js';
import { type Code, type Func, type Local, WasmModule } from '../../wasm/index.js';
import { fieldAt, type RowLayout } from '../row-layout.js';
import type { KeptLayoutSpec, SourceColumn, WindowTaskSpec } from '../task/spec.js';
import { extend } from './keys.js';
import type { LinkedModule } from './linked-module.js';
import { loadField } from './load.js';
import { type Columns, Pipe } from './pipe.js';
import { keptLayout } from './rows.js';
import { ENTRY_BYTES, MARK_AT } from './sort-entry.js';
import type { StateLayout } from './state-layout.js';
import { emitAggregateCall } from './window-aggregate.js';
import { ROW_AT, type WindowEmission } from './window-emission.js';
import { emitMarks } from './window-marks.js';
import { emitRowCall } from './window-rows.js';

/** How the results of a call are stored. */
export function resultStorage(type: DataType): Storage {
  const carrier = carrierOf(type);
  return carrier === 'bytes' ? 'view' : carrier;
}

/**
 * A module over sorted entries: `mark(state, entries, from, to)` finds where partitions and peers begin, and
 * `call_k(state, entries, from, to, data, validity, group)` computes the column of call `k`, row by row in order; `group` is a row for the
 * state of an aggregate.
 */
export function compileWindow(
  spec: WindowTaskSpec,
  calls: readonly number[],
  settings: EvalSettings,
  state: StateLayout,
): LinkedModule {
  const module = new WasmModule();
  module.import('more_heap', ['i32', 'i32'], []);
  module.import('call_js', ['i32', 'i32'], []);
  const more = module.import('more', ['i32', 'i32', 'i32'], []);
  const context = new ModuleContext(module, settings);
  const layout = keptLayout(spec.layout);
  emitMark(module, { spec, layout, context, more, state, settings });
  for (const index of calls) emitCall(module, index, { spec, layout, context, more, state, settings });
  return { bytes: module.bytes(), callSites: context.callSites, literals: context.literalPool() };
}

interface Parts {
  readonly spec: WindowTaskSpec;
  readonly layout: RowLayout;
  readonly context: ModuleContext;
  readonly more: Func;
  readonly state: StateLayout;
  readonly settings: EvalSettings;
}

function emitMark(module: WasmModule, { spec, layout, context, more, state, settings }: Parts): void {
  module.function('mark', ['i32', 'i32', 'i32', 'i32'], [], (code, stateAt, entries, from, to) => {
    const pipe = new Pipe(code, stateAt, context, more, state, settings);
    emitMarks(pipe, spec, layout, entries, from, to);
  });
}

function emitCall(module: WasmModule, index: number, parts: Parts): void {
  const { spec, layout, context, more, state, settings } = parts;
  const call = spec.calls[index];
  if (call === undefined) throw engineBug(`window call ${index}`);
  module.function(
    `call_${index}`,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, stateAt, entries, from, to, data, validity, group) => {
      const pipe = new Pipe(code, stateAt, context, more, state, settings);
      const emission: WindowEmission = {
        pipe,
        layout,
        call,
        entries,
        from,
        to,
        arg: (a, row) => argument(pipe, spec, layout, call.args[a] as PhysicalExpr, spec.args[index]?.[a], row),
        pushMarks: (at) =>
          code.get(entries).get(at).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').op('i32.load', MARK_AT),
        rowAt: (at) => {
          const row = code.local('i32');
          code.get(entries).get(at).i32(ENTRY_BYTES).op('i32.mul').op('i32.add');
          if (spec.layout.packed === undefined) code.op('i32.load', ROW_AT);
          code.set(row);
          return row;
        },
        store: (at, value) => storeResult(code, at, value, data, call.nullable ? validity : undefined),
      };
      if (findEntry(call.fn)?.kind === 'aggregate') emitAggregateCall(emission, group, spec.filters[index]);
      else emitRowCall(emission);
    },
  );
}

const noColumns: Columns = () => {
  throw engineBug('no columns here');
};

function argument(
  pipe: Pipe,
  spec: { readonly layout: KeptLayoutSpec },
  layout: RowLayout,
  expr: PhysicalExpr,
  field: number | undefined,
  row: Local,
): Value {
  // Arguments are asked for in branches: a constant computed in one must not be taken for computed in the other.
  if (field === undefined) return pipe.expressions(noColumns).scoped(() => pipe.compile(expr, noColumns));
  const column = spec.layout.fields[field] as SourceColumn;
  return loadField(pipe.code, row, fieldAt(layout, field), column.type, column.range);
}

function storeResult(code: Code, at: Local, value: Value, data: Local, validity: Local | undefined): void {
  const { isNull } = value;
  // A literal may be carried narrower than its type.
  const carrier = carrierOf(value.type);
  const parts = value.parts.length === 0 ? [] : extend(code, value, carrier);
  const [first, second] = parts as readonly Local[];
  const address = (shift: number): Code => code.get(data).get(at).i32(shift).op('i32.shl').op('i32.add');
  const keep = (): void => {
    if (first === undefined) return;
    if (carrier === 'i32') address(2).get(first).op('i32.store', 0);
    else if (carrier === 'f32') address(2).get(first).op('f32.store', 0);
    else if (carrier === 'i64') address(3).get(first).op('i64.store', 0);
    else if (carrier === 'f64') address(3).get(first).op('f64.store', 0);
    else if (carrier === 'i128') {
      address(4).get(first).op('i64.store', 0);
      address(4)
        .get(second as Local)
        .op('i64.store', 8);
    } else {
      address(3).get(first).op('i32.store', 0);
      address(3)
        .get(second as Local)
        .op('i32.store', 4);
    }
    if (validity === undefined) return;
    const byte = code.local('i32');
    code.get(validity).get(at).i32(3).op('i32.shr_u').op('i32.add').tee(byte).get(byte).op('i32.load8_u', 0);
    code.i32(1).get(at).i32(7).op('i32.and').op('i32.shl').op('i32.or').op('i32.store8', 0);
  };
  if (isNull === undefined) keep();
  else code.get(isNull).op('i32.eqz').if(keep);
}
