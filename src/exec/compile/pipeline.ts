import { carrierOf, engineBug, part } from '../../base/index.js';
import type { Call } from '../../functions/define.js';
import { type PhysicalExpr, referencedColumns } from '../../functions/expression.js';
import { ModuleContext } from '../../functions/module-context.js';
import { type Local, WasmModule } from '../../wasm/index.js';
import type { PlacedGroups } from '../task/placed-groups.js';
import type { PipelineSpec, StepSpec } from '../task/spec.js';
import { AggregateSink } from './aggregate-sink.js';
import type { GroupAddressing } from './group-table.js';
import { type ColumnForm, ColumnLoader, type ColumnValue } from './load.js';
import type { MaskEntries } from './mask-node.js';
import { emitFilledMemo, emitMemo, emitNumbers, type FilledMemo, type MemoOf, memoizable } from './memo.js';
import { passedColumns } from './passed-columns.js';
import { type Columns, Pipe, pushTrue } from './pipe.js';
import { PrefilterLoop } from './prefilter.js';
import { expectedShare, planPrefilter } from './prefilter-plan.js';
import { columnLoaders, groupRowColumns, type PartialForm, unmatchedCondition, withAdded } from './row-source.js';
import { keptLayout, rowColumns } from './rows.js';
import type { Sink, SinkForm } from './sink-form.js';
import { makeSink } from './sinks.js';
import { ENTRY_BYTES } from './sort-entry.js';
import { PIPE, type StateLayout, stateLayout } from './state-layout.js';
import { recordBytes } from './totals-tables.js';
import { type Numbers, VectorAggregate } from './vector-aggregate.js';
import { LEAST_PASSING, planVectors } from './vector-plan.js';

/** How rows are looked up in a join's table. */
export const joinProbe = part(() => import('./probe.js'));

/** What a pipeline is compiled for: how its input lies in memory and how its groups are addressed. */
export interface PipelineVariant {
  /** Forms of the source's columns; empty when the source is rows. */
  readonly forms: readonly ColumnForm[];
  readonly addressing: GroupAddressing;
  /** Rows are reached through sorted entries instead of lying side by side. */
  readonly list: boolean;
  /** Carriers of the states in group rows, when the source is groups. */
  readonly partial?: PartialForm;
  /** What the rows point to goes with the task: they were read from disk. */
  readonly passing?: boolean;
}

/** A memo a pipeline keeps for each dictionary of a source column. */
export interface MemoForm {
  readonly column: number;
  /** Bytes an entry. */
  readonly bytes: number;
}

export interface CompiledPipeline {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly literals: Uint8Array;
  readonly callSites: readonly Call[];
  readonly layout: StateLayout;
  readonly memos: readonly MemoForm[];
  readonly sink: SinkForm;
  readonly totals: TotalsForm | undefined;
  /** What expressions make of a row takes memory that is free again after a call of `run`. */
  readonly makesTexts: boolean;
}

/** Records of totals that a pipeline keeps for each slot of its dense index. */
interface TotalsForm {
  readonly recordBytes: number;
  readonly copies: number;
}

/** Emits one module with `run(state, from, to)`: the source's rows from…to through all steps into the sink, in one loop. */
export function compilePipeline(spec: PipelineSpec, variant: PipelineVariant): CompiledPipeline {
  const module = new WasmModule();
  module.import('more_heap', ['i32', 'i32'], []);
  module.import('call_js', ['i32', 'i32'], []);
  const more = module.import('more', ['i32', 'i32', 'i32'], []);
  const context = new ModuleContext(module, spec.settings);
  const layout = stateLayout(spec);
  const memos: MemoForm[] = [];
  let sink: Sink | undefined;
  let totals: TotalsForm | undefined;
  module.function('run', ['i32', 'i32', 'i32'], [], (code, state, from, to) => {
    const pipe = new Pipe(code, state, context, more, layout, spec.settings);
    const body = new PipelineBody(pipe, spec, variant, memos);
    sink = body.sink;
    body.emit(from, to);
    ({ totals } = body);
  });
  if (sink === undefined) throw engineBug('pipeline without a sink');
  return {
    bytes: module.bytes(),
    literals: context.literalPool(),
    callSites: context.callSites,
    makesTexts: context.makesTexts,
    ...{ layout, memos, totals, sink: sink.form },
  };
}

class PipelineBody {
  readonly sink: Sink;
  totals: TotalsForm | undefined;
  readonly #origin = new Map<Local, number>();
  /** The steps left to each row. */
  #steps: readonly StepSpec[];

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: PipelineSpec,
    private readonly variant: PipelineVariant,
    private readonly memos: MemoForm[],
  ) {
    this.#steps = spec.steps;
    const dictionaryOf = (value: ColumnValue): number | undefined =>
      value.dictionaryCode === undefined ? undefined : this.#origin.get(value.dictionaryCode);
    this.sink = makeSink(pipe, spec.sink, variant.addressing, dictionaryOf, passedColumns(spec, variant.forms));
  }

  emit(from: Local, to: Local): void {
    const { pipe, spec, variant } = this;
    const { code } = pipe;
    const row = code.local('i32');
    const bind = spec.source.kind === 'batches' ? this.#bindColumns(to) : this.#bindRows();
    const placed = spec.sink.kind === 'aggregate' ? spec.sink.placed : undefined;
    if (placed !== undefined && placed.rows === undefined) return this.#placed(placed, from, to);
    const vectors = this.#vectors();
    if (vectors !== undefined) {
      this.sink.prologue();
      return vectors.emit(from, to, (at) => this.#throughProjects(bind(at).columns));
    }
    const { steps, settings, sink } = spec;
    const plan = spec.source.kind === 'batches' ? planPrefilter(steps, variant.forms, settings, sink) : undefined;
    const body = (): void => {
      const { columns, condition } = bind(row);
      if (condition === undefined) return this.#step(0, columns, row);
      condition();
      code.if(() => this.#step(0, columns, row));
    };
    if (plan === undefined) {
      this.sink.prologue();
      code.forRange(row, () => code.get(from), to, body);
    } else {
      this.#steps = spec.steps.filter((_, k) => !plan.steps.has(k));
      const filtered = new PrefilterLoop(code, pipe.state, pipe.layout, plan, variant.forms, (node) =>
        this.#filled(node),
      );
      filtered.prologue();
      this.sink.prologue();
      filtered.loop(row, from, to, body);
    }
    this.sink.epilogue();
  }

  #filled({ column, condition }: MaskEntries): FilledMemo {
    return emitFilledMemo(this.pipe, this.#memoOf(column, 1), condition);
  }

  #memoOf(index: number, bytes: number): MemoOf {
    const { code, state, layout } = this.pipe;
    const loader = new ColumnLoader(code, state, layout.columns, index, this.variant.forms[index] as ColumnForm);
    return { memo: this.memos.push({ column: index, bytes }) - 1, index, loader };
  }

  /** Numbers of a dictionary's entries. */
  readonly #numbers: Numbers = ({ column, of }) => emitNumbers(this.pipe, this.#memoOf(column, 4), of);

  /** The loop over four rows at a time that the driver has seen to be possible. */
  #placed(placed: PlacedGroups, from: Local, to: Local): void {
    const { pipe, spec, variant } = this;
    const byCode = placed.keys.map((key) => key.byCode);
    const plan = planVectors(spec, variant.forms, { kind: 'dense', byCode, slots: 'some' });
    if (plan === undefined) throw engineBug('places for groups that have no form in vectors');
    new VectorAggregate(pipe, plan, variant.forms, this.#numbers).emitPlaced(from, to, placed);
  }

  /** The loop over four rows at a time, where the whole pipeline has that form and enough rows pass the filters. */
  #vectors(): VectorAggregate | undefined {
    const { pipe, spec, variant, sink } = this;
    if (!(sink instanceof AggregateSink) || expectedShare(spec.steps, variant.forms) < LEAST_PASSING) return undefined;
    const { addressing, forms } = variant;
    const plan = planVectors(spec, forms, addressing);
    if (plan === undefined) return undefined;
    if (plan.keys.length > 0) this.totals = { recordBytes: recordBytes(plan), copies: plan.copies };
    return new VectorAggregate(pipe, plan, forms, this.#numbers, {
      sink,
      byCode: addressing.kind === 'dense' ? addressing.byCode : [],
    });
  }

  /** The columns that reach the sink, where no step drops a row. */
  #throughProjects(columns: Columns): Columns {
    let at = columns;
    for (const step of this.#steps) if (step.kind === 'project') at = this.#project(step.exprs, at);
    return at;
  }

  #bindColumns(to: Local): (row: Local) => { columns: Columns; condition?: () => void } {
    const { pipe, variant } = this;
    const used = usedColumns(this.spec);
    const loaders = variant.forms.map((form, i) =>
      used === 'all' || used.has(i)
        ? new ColumnLoader(pipe.code, pipe.state, pipe.layout.columns, i, form, to)
        : undefined,
    );
    return (row) => {
      const loaded = new Map<number, ColumnValue>();
      const columns: Columns = (index) => {
        let value = loaded.get(index);
        if (value === undefined) {
          const loader = loaders[index];
          if (loader === undefined) throw engineBug(`source column ${index} of ${loaders.length}`);
          value = loader.load(row);
          if (value.dictionaryCode !== undefined) this.#origin.set(value.dictionaryCode, index);
          loaded.set(index, value);
        }
        return value;
      };
      columns.code = (index) => {
        if (loaded.has(index)) return loaded.get(index)?.dictionaryCode === undefined ? undefined : loaded.get(index);
        const value = loaders[index]?.loadCode(row);
        if (value?.dictionaryCode !== undefined) this.#origin.set(value.dictionaryCode, index);
        return value;
      };
      return { columns };
    };
  }

  #bindRows(): (row: Local) => { columns: Columns; condition?: () => void } {
    const { pipe, spec, variant } = this;
    const { code } = pipe;
    if (spec.source.kind !== 'rows') throw engineBug('rows expected');
    const source = spec.source.rows;
    const base = code.local('i32');
    pipe.loadWord(PIPE.SOURCE, base);
    const address = code.local('i32');
    const stable = variant.passing !== true;
    const groups =
      source.kind === 'groups' ? groupRowColumns(source, variant.partial, spec.settings, stable) : undefined;
    const layout = source.kind === 'groups' ? groups?.layout : keptLayout(source.layout);
    if (layout === undefined) throw engineBug('rows without a layout');
    const isPacked = source.kind !== 'groups' && source.layout.packed !== undefined;
    const added = source.kind === 'windowed' ? columnLoaders(pipe, variant.forms) : () => undefined as never;
    return (row) => {
      code
        .get(base)
        .get(row)
        .i32(variant.list ? ENTRY_BYTES : layout.stride)
        .op('i32.mul')
        .op('i32.add');
      if (variant.list && !isPacked) code.op('i32.load', 8);
      code.set(address);
      if (source.kind === 'kept') {
        pipe.keptRow = address;
        const columns = rowColumns(pipe, layout, source.layout.fields, address, stable);
        return {
          columns,
          ...(source.only === undefined ? {} : { condition: unmatchedCondition(pipe, address, source.only) }),
        };
      }
      if (source.kind === 'windowed') {
        const fields = rowColumns(pipe, layout, source.layout.fields, address, stable);
        return { columns: withAdded(fields, source.layout.fields.length, added(row)) };
      }
      return { columns: (groups as NonNullable<typeof groups>).columns(pipe, address) };
    };
  }

  /** Emits step `k` and, inside it, everything after it. */
  #step(k: number, columns: Columns, row: Local): void {
    const { pipe } = this;
    const step = this.#steps[k];
    if (step === undefined) return this.sink.consume(columns);
    const next = (then: Columns): void => this.#step(k + 1, then, row);
    switch (step.kind) {
      case 'filter': {
        const conditions = this.#togetherFrom(k, step.condition);
        this.#filters(conditions, columns);
        return void pipe.code.if(() => this.#step(k + conditions.length, columns, row));
      }
      case 'project':
        return next(this.#project(step.exprs, columns));
      case 'probe':
        return joinProbe().emitProbe(pipe, step, columns, next);
      case 'sample':
        return this.#sample(step, row, () => next(columns));
      case 'limit':
        return this.#limit(() => next(columns));
    }
  }

  /**
   * The conditions from step `k` on that are decided together: a branch for each of several cheap comparisons would
   * be mispredicted more often than the comparisons it saves are worth.
   */
  #togetherFrom(k: number, first: PhysicalExpr): PhysicalExpr[] {
    const together = [first];
    for (let next = k + 1; isCheap(first) && together.length < MOST_TOGETHER; next++) {
      const step = this.#steps[next];
      if (step?.kind !== 'filter' || !isCheap(step.condition)) break;
      together.push(step.condition);
    }
    return together;
  }

  /** Pushes 1 when all conditions are true. */
  #filters(conditions: readonly PhysicalExpr[], columns: Columns): void {
    conditions.forEach((condition, i) => {
      this.#filter(condition, columns);
      if (i > 0) this.pipe.code.op('i32.and');
    });
  }

  #filter(condition: PhysicalExpr, columns: Columns): void {
    const { pipe } = this;
    const column = memoizable(condition, columns, (value) => this.#origin.get(value) !== undefined);
    if (column === undefined) return pushTrue(pipe, pipe.compile(condition, columns));
    const memo = this.memos.push({ column: this.#origin.get(column.dictionaryCode as Local) as number, bytes: 1 }) - 1;
    return emitMemo(pipe, memo, column, condition, columns);
  }

  /** Plain columns pass as they are, anything computed is computed here. */
  #project(exprs: readonly PhysicalExpr[], columns: Columns): Columns {
    const values = exprs.map((expr) => (expr.kind === 'column' ? undefined : this.pipe.compile(expr, columns)));
    const projected: Columns = (index) => {
      const expr = exprs[index];
      if (expr === undefined) throw engineBug(`projected column ${index} of ${exprs.length}`);
      return values[index] ?? columns((expr as { index: number }).index);
    };
    projected.code = (index) => {
      const expr = exprs[index];
      return expr?.kind === 'column' ? columns.code?.(expr.index) : undefined;
    };
    return projected;
  }

  /** A row is in when the hash of its number, seeded, falls between the bounds: the same for any partitioning of work. */
  #sample(step: Extract<StepSpec, { kind: 'sample' }>, row: Local, body: () => void): void {
    const { pipe } = this;
    const { code, state } = pipe;
    const draw = code.local('f64');
    code.get(state).op('i64.load', PIPE.FIRST_ROW).get(row).op('i64.extend_i32_u').op('i64.add');
    code
      .i64((BigInt(step.seed) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn)
      .op('i64.xor')
      .call(pipe.emitter.helper('hash_i64'));
    code
      .i64(11)
      .op('i64.shr_u')
      .op('f64.convert_i64_u')
      .f64(2 ** -53)
      .op('f64.mul')
      .set(draw);
    code.get(draw).f64(step.lower).op('f64.ge').get(draw).f64(step.upper).op('f64.lt').op('i32.and').if(body);
  }

  #limit(body: () => void): void {
    const { code, state } = this.pipe;
    const left = code.local('i32');
    this.pipe.loadWord(PIPE.LIMIT, left);
    code.get(left).if(() => {
      code.get(state).get(left).i32(1).op('i32.sub').op('i32.store', PIPE.LIMIT);
      body();
    });
  }
}

const MOST_TOGETHER = 6;
const COMPARISONS = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between']);

/** A comparison of fixed-width columns and literals: it cannot fail and costs less than a mispredicted branch. */
function isCheap(condition: PhysicalExpr): boolean {
  if (condition.kind !== 'call' || !COMPARISONS.has(condition.fn)) return false;
  return condition.args.every((arg) => {
    const carrier = carrierOf(arg.type);
    return arg.kind !== 'call' && carrier !== 'bytes' && carrier !== 'none';
  });
}

/** Source columns that some step or the sink reads; before a projection everything may pass on to the sink. */
function usedColumns(spec: PipelineSpec): Set<number> | 'all' {
  const used = new Set<number>();
  for (const step of spec.steps) {
    if (step.kind === 'filter') referencedColumns(step.condition, used);
    else if (step.kind === 'project') {
      for (const expr of step.exprs) referencedColumns(expr, used);
      return used;
    } else if (step.kind === 'probe') return 'all';
  }
  const { sink } = spec;
  switch (sink.kind) {
    case 'aggregate':
      for (const key of sink.keys) referencedColumns(key, used);
      for (const a of sink.aggregates) {
        for (const arg of a.args) referencedColumns(arg, used);
        if (a.filter !== undefined) referencedColumns(a.filter, used);
      }
      return used;
    case 'none':
      return used;
    default:
      return 'all';
  }
}
