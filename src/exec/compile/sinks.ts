import { type Carrier, carrierOf, engineBug, type Storage } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import { JOIN_HEADER, type RowLayout } from '../row-layout.js';
import type { SinkSpec, SourceColumn } from '../task/spec.js';
import {
  compileKeys,
  groupLayout,
  narrowCarriers,
  prepareAggregate,
  type PreparedAggregate,
  type StateCarriers,
  stateAccess,
  stateField,
} from './aggregates.js';
import { type GroupAddressing, GroupTable } from './group-table.js';
import { extend, hashKeys } from './keys.js';
import type { ColumnValue } from './load.js';
import { type Columns, MORE, type Pipe } from './pipe.js';
import { keptLayout, storeValue } from './rows.js';
import { pushNormalizedKey } from './sort-key.js';
import { OUT, OUT_BYTES, PIPE } from './state-layout.js';

/** The end of a pipeline: what happens to a row that got there. */
export interface Sink {
  /** At the start of the function: load what the loop needs. */
  prologue(): void;
  /** Once, inside the innermost loop. */
  consume(columns: Columns): void;
  /** At the end of the function. */
  epilogue(): void;
  /** What the runner must know of it, settled by `consume`. */
  readonly form: SinkForm;
}

export type SinkForm =
  | { readonly kind: 'output'; readonly columns: readonly OutputForm[] }
  | { readonly kind: 'aggregate'; readonly layout: RowLayout; readonly carriers: StateCarriers; readonly aggregates: readonly PreparedAggregate[] }
  | { readonly kind: 'rows'; readonly layout: RowLayout; readonly entries: boolean }
  | { readonly kind: 'none' };

export interface OutputForm {
  readonly storage: Storage;
  readonly nullable: boolean;
  /** The source column whose dictionary codes are passed on. */
  readonly dictionaryOf?: number;
}

export function makeSink(pipe: Pipe, spec: SinkSpec, addressing: GroupAddressing, dictionaryOf: (c: ColumnValue) => number | undefined): Sink {
  switch (spec.kind) {
    case 'output':
    case 'write':
      return new OutputSink(pipe, spec.columns, dictionaryOf);
    case 'aggregate':
      return new AggregateSink(pipe, spec, addressing);
    case 'build':
      return new BuildSink(pipe, spec);
    case 'sort':
      return new SortSink(pipe, spec);
    case 'none':
      return { prologue: () => undefined, consume: () => undefined, epilogue: () => undefined, form: { kind: 'none' } };
  }
}

/** Writes rows into output batches. */
class OutputSink implements Sink {
  #forms: OutputForm[] = [];
  readonly #rows: Local;

  constructor(
    private readonly pipe: Pipe,
    private readonly columns: readonly SourceColumn[],
    private readonly dictionaryOf: (c: ColumnValue) => number | undefined,
  ) {
    this.#rows = pipe.code.local('i32');
  }

  get form(): SinkForm {
    return { kind: 'output', columns: this.#forms };
  }

  prologue(): void {
    this.pipe.loadWord(PIPE.OUT_ROWS, this.#rows);
  }

  epilogue(): void {
    this.pipe.storeWord(PIPE.OUT_ROWS, this.#rows);
  }

  consume(columns: Columns): void {
    const { pipe } = this;
    const { code } = pipe;
    const values = this.columns.map((_, i) => columns(i));
    code.get(this.#rows).get(pipe.state).op('i32.load', PIPE.OUT_CAPACITY).op('i32.ge_u').if(() => {
      pipe.storeWord(PIPE.OUT_ROWS, this.#rows);
      pipe.callMore(MORE.FLUSH, () => code.i32(0));
      code.i32(0).set(this.#rows);
    });
    values.forEach((value, i) => this.#write(i, value));
    code.get(this.#rows).i32(1).op('i32.add').set(this.#rows);
  }

  #write(index: number, value: ColumnValue): void {
    const column = this.columns[index] as SourceColumn;
    const { code, state, layout } = this.pipe;
    const base = layout.outputs + index * OUT_BYTES;
    const dictionaryOf = this.dictionaryOf(value);
    const storage: Storage = dictionaryOf === undefined ? outputStorage(column, value.carrier) : 'i32';
    this.#forms[index] = { storage, nullable: value.isNull !== undefined, ...(dictionaryOf === undefined ? {} : { dictionaryOf }) };
    if (value.isNull !== undefined) this.#writeValidity(base, value.isNull);
    if (storage === 'none') return;
    if (storage === 'utf8') return this.#writeBytes(base, index, value);
    const data = code.local('i32');
    code.get(state).op('i32.load', base + OUT.DATA).set(data);
    const at = (shift: number): void => {
      code.get(data).get(this.#rows);
      if (shift > 0) code.i32(shift).op('i32.shl');
      code.op('i32.add');
    };
    const [first, second] = dictionaryOf === undefined ? value.parts : [value.dictionaryCode];
    if (first === undefined) throw engineBug(`output column ${index} has no value`);
    switch (storage) {
      case 'u8':
      case 'i8':
        at(0);
        code.get(first).op('i32.store8', 0);
        return;
      case 'i16':
        at(1);
        code.get(first).op('i32.store16', 0);
        return;
      case 'i32':
        at(2);
        code.get(first).op('i32.store', 0);
        return;
      case 'i64':
        at(3);
        code.get(first).op('i64.store', 0);
        return;
      case 'f32':
        at(2);
        code.get(first).op('f32.store', 0);
        return;
      case 'f64':
        at(3);
        code.get(first).op('f64.store', 0);
        return;
      case 'i128': {
        at(4);
        code.get(first).op('i64.store', 0);
        at(4);
        code.get(second as Local).op('i64.store', 8);
        return;
      }
      default:
        throw engineBug(`output storage ${storage}`);
    }
  }

  /** Bitmaps start zeroed: sets the bit of a valid row. */
  #writeValidity(base: number, isNull: Local): void {
    const { code, state } = this.pipe;
    code.get(isNull).if(
      () => {
        code.get(state).get(state).op('i32.load', base + OUT.NULLS).i32(1).op('i32.add').op('i32.store', base + OUT.NULLS);
      },
      () => {
        const at = code.local('i32');
        code.get(state).op('i32.load', base + OUT.VALIDITY).get(this.#rows).i32(3).op('i32.shr_u').op('i32.add').tee(at);
        code.get(at).op('i32.load8_u', 0).i32(1).get(this.#rows).i32(7).op('i32.and').op('i32.shl').op('i32.or');
        code.op('i32.store8', 0);
      },
    );
  }

  #writeBytes(base: number, index: number, value: Value): void {
    const { pipe } = this;
    const { code, state } = pipe;
    const [address, length] = value.parts as readonly [Local, Local];
    const size = code.local('i32');
    const used = code.local('i32');
    if (value.isNull === undefined) code.get(length).set(size);
    else code.i32(0).get(length).get(value.isNull).select().set(size);
    code.get(state).op('i32.load', base + OUT.BYTES).tee(used);
    code.get(size).op('i32.add').get(state).op('i32.load', base + OUT.CAPACITY).op('i32.gt_u').if(() => {
      pipe.storeWord(PIPE.ENTRY_NEXT, size);
      pipe.callMore(MORE.OUT_BYTES, () => code.i32(index));
    });
    code.get(state).op('i32.load', base + OUT.DATA).get(used).op('i32.add').get(address).get(size).op('memory.copy');
    const end = code.local('i32');
    code.get(used).get(size).op('i32.add').set(end);
    code.get(state).get(end).op('i32.store', base + OUT.BYTES);
    code.get(state).op('i32.load', base + OUT.OFFSETS).get(this.#rows).i32(2).op('i32.shl').op('i32.add');
    code.get(end).op('i32.store', 4);
  }
}

/** How an output column is stored, from its type and the carrier of its values. */
function outputStorage(column: SourceColumn, carrier: Carrier): Storage {
  if (carrier === 'none') return 'none';
  if (carrier === 'bytes') return 'utf8';
  switch (column.type.kind) {
    case 'boolean':
      return 'u8';
    case 'int8':
      return 'i8';
    case 'int16':
      return 'i16';
    default:
      return carrier;
  }
}

/** Updates the groups of a task. */
class AggregateSink implements Sink {
  readonly #aggregates: readonly PreparedAggregate[];
  readonly #keys: readonly SourceColumn[];
  readonly #table: GroupTable;
  readonly #byCode: readonly boolean[];
  #carriers: StateCarriers = [];

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: Extract<SinkSpec, { kind: 'aggregate' }>,
    addressing: GroupAddressing,
  ) {
    this.#aggregates = spec.aggregates.map((a) => prepareAggregate(a, pipe.settings));
    this.#keys = spec.keys.map(keyColumn);
    this.#table = new GroupTable(pipe, this.#keys, addressing);
    this.#byCode = addressing.kind === 'dense' ? addressing.byCode : [];
  }

  get form(): SinkForm {
    return { kind: 'aggregate', layout: this.#table.layout, carriers: this.#carriers, aggregates: this.#aggregates };
  }

  prologue(): void {
    this.#table.prologue();
  }

  epilogue(): void {}

  consume(columns: Columns): void {
    const { pipe, spec } = this;
    const keys = compileKeys(pipe, spec.keys, columns, this.#byCode);
    const args = this.#aggregates.map((a) => (a.spec.filter === undefined ? a.spec.args.map((x) => pipe.compile(x, columns)) : undefined));
    this.#carriers = this.#aggregates.map((a, i) => narrowCarriers(a, args[i]?.map((v) => v.range) ?? [], spec.maxRows));
    const layout = groupLayout(this.#keys, this.#carriers);
    this.#table.use(layout, (row) => this.#each(row, (a, state) => emitOf(a).init(pipe.emitter, state, a.call)));
    const row = this.#table.find(keys);
    this.#each(row, (a, state, i) => this.#update(a, state, args[i], columns));
  }

  #each(row: Local, body: (a: PreparedAggregate, state: ReturnType<typeof stateAccess>, index: number) => void): void {
    this.#aggregates.forEach((a, i) => {
      const from = stateField(this.#keys.length, this.#carriers, i);
      body(a, stateAccess(this.pipe, this.#table.layout, row, from, a.state), i);
    });
  }

  #update(a: PreparedAggregate, state: ReturnType<typeof stateAccess>, args: readonly Value[] | undefined, columns: Columns): void {
    const { pipe } = this;
    const { code } = pipe;
    if (a.spec.filter === undefined) {
      emitOf(a).update(pipe.emitter, state, args ?? [], a.call);
      return;
    }
    for (const x of a.spec.args) pipe.touch(x, columns);
    pushTrue(pipe, pipe.compile(a.spec.filter, columns));
    code.if(() =>
      pipe.expressions(columns).scoped(() => {
        const inner = a.spec.args.map((x) => pipe.compile(x, columns));
        emitOf(a).update(pipe.emitter, state, inner, a.call);
      }),
    );
  }
}

export function emitOf(a: PreparedAggregate): NonNullable<PreparedAggregate['entry']['emit']> {
  if (a.entry.emit === undefined) throw engineBug(`aggregate ${a.spec.fn} has no compiled form`);
  return a.entry.emit;
}

export const keyColumn = (key: { type: SourceColumn['type']; kind: string }): SourceColumn => ({
  type: key.type,
  nullable: key.kind === 'literal' ? (key as { value?: unknown }).value === null : Boolean((key as { nullable?: boolean }).nullable),
});

/** Pushes 1 when a boolean value is true (null is not). */
export function pushTrue(pipe: Pipe, value: Value): void {
  const [truth] = value.parts;
  if (truth === undefined) {
    pipe.code.i32(0);
    return;
  }
  pipe.code.get(truth);
  if (value.isNull !== undefined) pipe.code.get(value.isNull).op('i32.eqz').op('i32.and');
}

/** Keeps rows for a join's table. */
class BuildSink implements Sink {
  readonly #layout: RowLayout;

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: Extract<SinkSpec, { kind: 'build' }>,
  ) {
    this.#layout = keptLayout(spec.layout);
  }

  get form(): SinkForm {
    return { kind: 'rows', layout: this.#layout, entries: false };
  }

  prologue(): void {}
  epilogue(): void {}

  consume(columns: Columns): void {
    const { pipe, spec } = this;
    const { code } = pipe;
    const keys = compileKeys(pipe, spec.keys, columns);
    const body = (): void => this.#keep(keys, columns);
    // A null key matches nothing: its row is kept only where unmatched rows come out.
    const strict = keys.flatMap((k, i) => (k.isNull !== undefined && spec.nullSafe[i] !== true ? [k.isNull] : []));
    if (strict.length === 0 || spec.keepNullKeys) return body();
    code.i32(0);
    for (const isNull of strict) code.get(isNull).op('i32.or');
    code.op('i32.eqz').if(body);
  }

  #keep(keys: readonly ColumnValue[], columns: Columns): void {
    const { pipe, spec } = this;
    const { code } = pipe;
    const fields = spec.fields.map((f) => pipe.compile(f, columns));
    const hash = keys.length === 0 ? undefined : hashKeys(pipe.emitter, keys);
    const row = pipe.newRow(this.#layout.stride);
    code.get(row).i64(0).op('i64.store', JOIN_HEADER.NEXT);
    code.get(row).i64(0).op('i64.store', JOIN_HEADER.MARK);
    if (hash !== undefined) code.get(row).get(hash).op('i32.store', JOIN_HEADER.HASH);
    [...keys, ...fields].forEach((value, i) => storeValue(pipe, this.#layout, row, i, value));
    const [only] = keys;
    if (keys.length === 1 && only !== undefined && isDirectKey(spec.keys[0])) this.#noteBounds(only);
  }

  /** The smallest and largest key decide whether the table can be addressed directly. */
  #noteBounds(key: ColumnValue): void {
    const { pipe } = this;
    const { code, state } = pipe;
    const [wide] = extend(code, key, 'i64') as [Local];
    const note = (): void => {
      code.get(wide).get(state).op('i64.load', PIPE.KEY_MIN).op('i64.lt_s').if(() => pipe.storeWord(PIPE.KEY_MIN, wide));
      code.get(wide).get(state).op('i64.load', PIPE.KEY_MAX).op('i64.gt_s').if(() => pipe.storeWord(PIPE.KEY_MAX, wide));
    };
    if (key.isNull === undefined) note();
    else code.get(key.isNull).op('i32.eqz').if(note);
  }
}

/** Whether a join on this one key may be addressed directly: its type's values fit 64 bits. */
export function isDirectKey(key: PhysicalExpr | undefined): boolean {
  if (key === undefined || key.type.kind === 'boolean') return false;
  const carrier = carrierOf(key.type);
  return carrier === 'i32' || carrier === 'i64';
}

/** Keeps rows and an entry (normalized key prefix, row address) for each. */
class SortSink implements Sink {
  readonly #layout: RowLayout;

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: Extract<SinkSpec, { kind: 'sort' }>,
  ) {
    this.#layout = keptLayout(spec.layout);
  }

  get form(): SinkForm {
    return { kind: 'rows', layout: this.#layout, entries: true };
  }

  prologue(): void {}
  epilogue(): void {}

  consume(columns: Columns): void {
    const { pipe, spec } = this;
    const { code, state } = pipe;
    const keys = compileKeys(pipe, spec.keys.map((k) => k.expr), columns);
    const prefix = code.local('i64');
    pushNormalizedKey(pipe, keys, spec.keys);
    code.set(prefix);
    const keep = (): void => {
      const fields = spec.fields.map((f) => pipe.compile(f, columns));
      const row = pipe.newRow(this.#layout.stride);
      [...fields, ...keys].forEach((value, i) => storeValue(pipe, this.#layout, row, i, value));
      const entry = code.local('i32');
      pipe.loadWord(PIPE.ENTRY_NEXT, entry);
      code.get(entry).get(state).op('i32.load', PIPE.ENTRY_END).op('i32.ge_u').if(() => {
        pipe.callMore(MORE.ENTRIES, () => code.i32(0));
        pipe.loadWord(PIPE.ENTRY_NEXT, entry);
      });
      code.get(entry).get(prefix).op('i64.store', 0);
      code.get(entry).get(row).op('i32.store', 8);
      code.get(entry).i32(0).op('i32.store', 12);
      code.get(state).get(entry).i32(16).op('i32.add').op('i32.store', PIPE.ENTRY_NEXT);
    };
    if (spec.limit === undefined) return keep();
    code.get(prefix).get(state).op('i64.load', PIPE.THRESHOLD).op('i64.le_u').if(keep);
  }
}
