import { engineBug } from '../../base/index.js';
import { ExpressionCompiler } from '../../functions/compile.js';
import { type EvalSettings, type PhysicalExpr, referencedColumns } from '../../functions/expression.js';
import type { ModuleContext } from '../../functions/module-context.js';
import type { Emitter, Value } from '../../functions/value.js';
import type { Code, Func, Local } from '../../wasm/index.js';
import type { ColumnValue } from './load.js';
import { PIPE, type StateLayout } from './state-layout.js';

/** Why compiled code calls back: the second argument of the import `more(state, what, detail)`. */
export const MORE = {
  /** At least `detail` bytes that outlive the morsel. */
  BYTES: 1,
  /** A chunk for at least one more row of `detail` bytes. */
  ROWS: 2,
  /** The group index is full. */
  GROUPS: 3,
  /** The output batch is full. */
  FLUSH: 4,
  /** Output column `detail` needs room for bytes: the shortage is in PIPE.OUT_ROWS's neighbour NEED. */
  OUT_BYTES: 5,
  /** Sort entries are full. */
  ENTRIES: 6,
} as const;

/** The current row's columns; loading one twice costs nothing. */
export interface Columns {
  (index: number): ColumnValue;
  /** The dictionary code of a column that was not loaded yet, without its bytes. */
  code?(index: number): ColumnValue | undefined;
}

/** Longer texts are copied by memory.copy. */
const MOST_VECTORS = 48;

/** What the parts of one pipeline's emission share. */
export class Pipe {
  readonly emitter: Emitter;
  /** Where the row of a join's side is that the pipeline reads. */
  keptRow: Local | undefined;
  readonly #compilers = new WeakMap<Columns, ExpressionCompiler>();

  constructor(
    readonly code: Code,
    readonly state: Local,
    readonly context: ModuleContext,
    readonly more: Func,
    readonly layout: StateLayout,
    readonly settings: EvalSettings,
  ) {
    this.emitter = this.expressions(() => {
      throw engineBug('no columns here');
    });
  }

  /** The compiler of expressions over these columns: what it computed once is reused further inside. */
  expressions(columns: Columns): ExpressionCompiler {
    let known = this.#compilers.get(columns);
    if (known === undefined) {
      known = new ExpressionCompiler({ context: this.context, code: this.code, state: this.state, column: columns });
      this.#compilers.set(columns, known);
    }
    return known;
  }

  /** Compiles one expression after loading its columns here, so that what is loaded dominates every later use. */
  compile(expr: PhysicalExpr, columns: Columns): ColumnValue {
    if (expr.kind === 'column') return columns(expr.index);
    this.touch(expr, columns);
    return { stable: false, ...this.expressions(columns).compile(expr) };
  }

  /** Loads an expression's columns at this point. */
  touch(expr: PhysicalExpr, columns: Columns): void {
    for (const index of referencedColumns(expr)) columns(index);
  }

  callMore(what: number, detail: () => void): void {
    this.code.get(this.state).i32(what);
    detail();
    this.code.call(this.more);
  }

  loadWord(offset: number, into: Local): void {
    this.code
      .get(this.state)
      .op(into.type === 'i64' ? 'i64.load' : 'i32.load', offset)
      .set(into);
  }

  storeWord(offset: number, from: Local): void {
    this.code
      .get(this.state)
      .get(from)
      .op(from.type === 'i64' ? 'i64.store' : 'i32.store', offset);
  }

  /** Copies bytes to memory that outlives the morsel; the address of the copy. */
  persist(address: Local, length: Local): Local {
    const { code, state } = this;
    const to = code.local('i32');
    this.loadWord(PIPE.BYTES_NEXT, to);
    // What is left, since an end beyond 4 GiB would be a small number.
    code
      .get(state)
      .op('i32.load', PIPE.BYTES_END)
      .get(to)
      .op('i32.sub')
      .get(length)
      .op('i32.lt_u')
      .if(() => {
        this.callMore(MORE.BYTES, () => code.get(length));
        this.loadWord(PIPE.BYTES_NEXT, to);
      });
    this.copyText(to, address, length);
    code.get(state).get(to).get(length).op('i32.add').op('i32.store', PIPE.BYTES_NEXT);
    return to;
  }

  /** Most texts are short: vectors that reach into the slack of both sides cost a fraction of a call. */
  copyText(to: Local, from: Local, size: Local): void {
    const { code } = this;
    // What null rows point to is nowhere.
    const vectors = (at: number): void => {
      code.get(size).i32(at).op('i32.gt_u');
      code.if(() => {
        code.get(to).get(from).op('v128.load', at, 0).op('v128.store', at, 0);
        if (at + 16 < MOST_VECTORS) vectors(at + 16);
      });
    };
    code.get(size).i32(MOST_VECTORS).op('i32.gt_u');
    code.if(
      () => code.get(to).get(from).get(size).op('memory.copy'),
      () => vectors(0),
    );
  }

  /** A fresh row of `stride` bytes; its address. */
  newRow(stride: number): Local {
    const { code, state } = this;
    const row = code.local('i32');
    this.loadWord(PIPE.ROW_NEXT, row);
    code
      .get(row)
      .i32(stride)
      .op('i32.add')
      .get(state)
      .op('i32.load', PIPE.ROW_END)
      .op('i32.gt_u')
      .if(() => {
        this.callMore(MORE.ROWS, () => code.i32(stride));
        this.loadWord(PIPE.ROW_NEXT, row);
      });
    code.get(state).get(row).i32(stride).op('i32.add').op('i32.store', PIPE.ROW_NEXT);
    return row;
  }
}

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
