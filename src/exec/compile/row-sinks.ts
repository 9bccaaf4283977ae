import { carrierOf } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { Local } from '../../wasm/index.js';
import { JOIN_HEADER, type RowLayout } from '../row-layout.js';
import type { SinkSpec, SortSinkSpec, SourceColumn } from '../task/spec.js';
import { compileKeys } from './aggregates.js';
import { amongFirsts } from './group-firsts.js';
import { extend, hashKeys, placeOf } from './keys.js';
import type { ColumnValue } from './load.js';
import { REST_ORDER } from './packed-entry.js';
import { type Columns, MORE, type Pipe } from './pipe.js';
import { keptLayout, storeValue } from './rows.js';
import type { Sink, SinkForm } from './sink-form.js';
import { pushNormalizedKey } from './sort-key.js';
import { PIPE } from './state-layout.js';

/** Keeps rows for a join's table. */
export class BuildSink implements Sink {
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
    const isKeyed = keys.length > 0;
    const hash = isKeyed ? hashKeys(pipe, keys) : undefined;
    const place = isKeyed ? placeOf(pipe, keys) : undefined;
    const row = pipe.newRow(this.#layout.stride);
    code.get(row).i64(0).op('i64.store', JOIN_HEADER.NEXT);
    code.get(row);
    if (place === undefined) code.i64(0);
    else code.get(place).i32(-256).op('i32.and').op('i64.extend_i32_u');
    code.op('i64.store', JOIN_HEADER.PLACE);
    if (hash !== undefined) code.get(row).get(hash).op('i32.store', JOIN_HEADER.HASH);
    for (const [i, value] of [...keys, ...fields].entries()) storeValue(pipe, this.#layout, row, i, value);
    const [only] = keys;
    if (only !== undefined && isDirectKey(spec.keys[0])) this.#noteBounds(only);
  }

  /** The smallest and largest key decide whether the table can be addressed directly. */
  #noteBounds(key: ColumnValue): void {
    const { pipe } = this;
    const { code, state } = pipe;
    const [wide] = extend(code, key, 'i64') as [Local];
    const note = (): void => {
      code
        .get(wide)
        .get(state)
        .op('i64.load', PIPE.KEY_MIN)
        .op('i64.lt_s')
        .if(() => pipe.storeWord(PIPE.KEY_MIN, wide));
      code
        .get(wide)
        .get(state)
        .op('i64.load', PIPE.KEY_MAX)
        .op('i64.gt_s')
        .if(() => pipe.storeWord(PIPE.KEY_MAX, wide));
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
export class SortSink implements Sink {
  readonly #layout: RowLayout;

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: SortSinkSpec,
  ) {
    this.#layout = keptLayout(spec.layout);
  }

  get form(): SinkForm {
    return { kind: 'rows', layout: this.#layout, entries: true };
  }

  prologue(): void {}
  epilogue(): void {}

  /** In a top-k most rows are told by their first key: of those nothing else is read. */
  consume(columns: Columns): void {
    const { pipe, spec } = this;
    const [first, ...others] = spec.keys;
    // A key that can fail has to see every row.
    const isTold = spec.limit !== undefined && others.length > 0 && others.every(({ expr }) => expr.kind === 'column');
    if (!isTold || first === undefined) return this.#consume(columns);
    const values = compileKeys(pipe, [first.expr], columns);
    pushNormalizedKey(pipe, values, [first], spec.keyColumns);
    pipe.code.get(pipe.state).op('i64.load', PIPE.THRESHOLD).op('i64.le_u');
    pipe.code.if(() => this.#consume(columns));
  }

  #consume(columns: Columns): void {
    const { pipe, spec } = this;
    const { code, state } = pipe;
    const keys = compileKeys(
      pipe,
      spec.keys.map((k) => k.expr),
      columns,
    );
    const prefix = code.local('i64');
    pushNormalizedKey(pipe, keys, spec.keys, spec.keyColumns);
    code.set(prefix);
    const keep = (): void => {
      const behind = spec.layout.packed === undefined ? this.#newRow(keys, columns) : this.#rest(columns);
      const entry = code.local('i32');
      pipe.loadWord(PIPE.ENTRY_NEXT, entry);
      code
        .get(entry)
        .get(state)
        .op('i32.load', PIPE.ENTRY_END)
        .op('i32.ge_u')
        .if(() => {
          pipe.callMore(MORE.ENTRIES, () => code.i32(0));
          pipe.loadWord(PIPE.ENTRY_NEXT, entry);
        });
      code.get(entry).get(prefix).op('i64.store', 0);
      code.get(entry).get(behind).op('i64.store', 8);
      code.get(state).get(entry).i32(16).op('i32.add').op('i32.store', PIPE.ENTRY_NEXT);
    };
    const { groupLimit } = spec;
    if (groupLimit?.tabled !== undefined) return amongFirsts(pipe, prefix, groupLimit.tabled, groupLimit.rows, keep);
    if (spec.limit === undefined) return keep();
    code.get(prefix).get(state).op('i64.load', PIPE.THRESHOLD).op('i64.le_u').if(keep);
  }

  /** The address of the row behind an entry. */
  #newRow(keys: readonly ColumnValue[], columns: Columns): Local {
    const { pipe, spec } = this;
    const fields = spec.fields.map((f) => pipe.compile(f, columns));
    const row = pipe.newRow(this.#layout.stride);
    const stored = [...fields, ...keys.filter((_, k) => (spec.keyFields[k] ?? -1) >= fields.length)];
    for (const [i, value] of stored.entries()) storeValue(pipe, this.#layout, row, i, value);
    const address = pipe.code.local('i64');
    pipe.code.get(row).op('i64.extend_i32_u').set(address);
    return address;
  }

  /** What an entry has in place of the row's address: all that its prefix does not tell. */
  #rest(columns: Columns): Local {
    const { pipe, spec } = this;
    const rest = (spec.layout.packed ?? []).flatMap(({ offset }, i) => (offset === 0 ? [] : [i]));
    const exprs = rest.map((i) => spec.fields[i] as PhysicalExpr);
    const keys = exprs.map((expr) => ({ expr, ...REST_ORDER }));
    const known = rest.map((i) => spec.layout.fields[i] as SourceColumn);
    const bits = pipe.code.local('i64');
    pushNormalizedKey(pipe, compileKeys(pipe, exprs, columns), keys, known);
    pipe.code.i64(32).op('i64.shr_u').set(bits);
    return bits;
  }
}
