import {
  type Carrier,
  carrierOf,
  type DataType,
  encodeNested,
  engineBug,
  integerBounds,
  type Scalar,
} from '../base/index.js';
import type { Code, Func, Local } from '../wasm/index.js';
import { argOrder, callOf, expressionKey } from './call.js';
import type { Call, Range, ScalarFunction } from './define.js';
import { isDeterministic } from './deterministic.js';
import { anyNull, carrierFor, intersect, isIntCarrier, partTypes, pushConst, take, value, widen } from './emit.js';
import { type CallExpr, isNullable, type LiteralExpr, type PhysicalExpr } from './expression.js';
import { emitJsCall } from './js-call.js';
import type { ModuleContext } from './module-context.js';
import { scalarFunction } from './registry.js';
import { STATE } from './runtime.js';
import type { Emitter, Thunk, Value } from './value.js';

export interface CompilerOptions {
  readonly context: ModuleContext;
  readonly code: Code;
  /** Address of the state block (see runtime.ts). */
  readonly state: Local;
  /** The input column of the current row; its code is emitted where it is first needed in a scope. */
  readonly column: (index: number) => Value;
  /** Bounds of a column before it is loaded; without this, conditionals load the columns of their arms to know. */
  readonly columnRange?: (index: number) => Range | undefined;
  /** A local that already holds the address of the literal pool; else it is read from the state block. */
  readonly literals?: Local;
}

/** Beyond this many calls an argument of AND, OR or IF is not evaluated early. */
const CHEAP_CALLS = 6;

/**
 * Emits expressions into one function body. One compiler serves one row of a loop body: what it has computed is
 * reused wherever the code that computed it has certainly run; code that runs conditionally goes into `scoped`.
 */
export class ExpressionCompiler implements Emitter {
  readonly code: Code;
  readonly state: Local;
  readonly #options: CompilerOptions;
  readonly #context: ModuleContext;
  readonly #scopes: Map<string, Value>[] = [new Map()];
  #nullRow: Local | undefined;
  readonly #ranges = new WeakMap<PhysicalExpr, { range: Range | undefined }>();
  readonly #failing = new WeakMap<PhysicalExpr, boolean>();

  constructor(options: CompilerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.code = options.code;
    this.state = options.state;
  }

  /** Code that computes the expression; its value may be carried narrower than its type (see Value). */
  compile(expr: PhysicalExpr): Value {
    const key = expressionKey(expr);
    for (const scope of this.#scopes) {
      const known = scope.get(key);
      if (known !== undefined) return known;
    }
    const result = this.#emit(expr);
    if (isDeterministic(expr)) this.#scopes.at(-1)?.set(key, result);
    return result;
  }

  /** Like `compile`, in the carrier of the expression's type. */
  compileWide(expr: PhysicalExpr): Value {
    return widen(this, this.compile(expr));
  }

  /** Pushes an i32: 1 where the condition is true, 0 where it is false or null. */
  pushCondition(expr: PhysicalExpr): void {
    const condition = this.compile(expr);
    this.code.get(condition.parts[0] as Local);
    if (condition.isNull !== undefined) this.code.get(condition.isNull).op('i32.gt_u');
  }

  scoped<T>(build: () => T): T {
    this.#scopes.push(new Map());
    try {
      return build();
    } finally {
      this.#scopes.pop();
    }
  }

  /** Bounds of an expression that follow from those of its columns. */
  rangeOf(expr: PhysicalExpr): Range | undefined {
    let known = this.#ranges.get(expr);
    if (known === undefined) {
      known = { range: this.#findRange(expr) };
      this.#ranges.set(expr, known);
    }
    return known.range;
  }

  failIf(): void {
    this.code.if(() => this.fail());
  }

  fail(): void {
    const mark = (): void => void this.code.get(this.state).i32(1).op('i32.store', STATE.ERROR);
    if (this.#nullRow === undefined) mark();
    else this.code.get(this.#nullRow).op('i32.eqz').if(mark);
  }

  allocBytes(length: Local): Local {
    const { code, state } = this;
    this.#context.allocates = true;
    const address = code.local('i32');
    const load = (field: number): Code => code.get(state).op('i32.load', field);
    load(STATE.HEAP_END);
    load(STATE.HEAP_NEXT)
      .tee(address)
      .op('i32.sub')
      .get(length)
      .op('i32.lt_u')
      .if(() => {
        code.get(state).get(length).call(this.#context.imports.moreHeap);
        load(STATE.HEAP_NEXT).set(address);
      });
    code.get(state).get(address).get(length).op('i32.add').op('i32.store', STATE.HEAP_NEXT);
    return address;
  }

  constantBytes(bytes: Uint8Array): Local {
    const { code } = this;
    const address = code.local('i32');
    if (this.#options.literals !== undefined) code.get(this.#options.literals);
    else code.get(this.state).op('i32.load', STATE.LITERALS);
    code.i32(this.#context.literal(bytes)).op('i32.add').set(address);
    return address;
  }

  helper(name: string): Func {
    return this.#context.helper(name);
  }

  newParts(carrier: Carrier): Local[] {
    return partTypes(carrier).map((type) => this.code.local(type));
  }

  js(call: Call, args: readonly Value[]): Value {
    const emit = (): Value => emitJsCall(this, this.#context, call, args);
    if (this.#nullRow === undefined) return emit();
    let result: Value | undefined;
    this.code
      .get(this.#nullRow)
      .op('i32.eqz')
      .if(() => {
        result = emit();
      });
    return result as Value | undefined as Value;
  }

  #emit(expr: PhysicalExpr): Value {
    switch (expr.kind) {
      case 'column':
        return this.#options.column(expr.index);
      case 'literal':
        return this.#literal(expr);
      case 'call':
        return this.#call(expr);
    }
  }

  #literal({ type, value: scalar }: LiteralExpr): Value {
    const carrier = carrierOf(type);
    if (scalar === null || carrier === 'none') {
      const isNull = this.code.local('i32');
      this.code.i32(1).set(isNull);
      // Locals that are never set are zero, which is a valid value of every carrier.
      return value(type, carrier, this.newParts(carrier), isNull);
    }
    if (carrier === 'f32') return take(this, type, carrier, this.code.f32(scalar as number) && undefined);
    if (carrier === 'f64') return take(this, type, carrier, this.code.f64(scalar as number) && undefined);
    if (carrier === 'bytes') {
      const bytes = literalBytes(type, scalar);
      const address = this.constantBytes(bytes);
      const length = this.code.local('i32');
      this.code.i32(bytes.length).set(length);
      return value(type, carrier, [address, length]);
    }
    const exact = BigInt(scalar as bigint | number | boolean);
    const narrow = carrierFor([exact, exact]) ?? carrier;
    pushConst(this, narrow as 'i32', exact);
    return take(this, type, narrow, undefined, [exact, exact]);
  }

  #call(expr: CallExpr): Value {
    const entry = scalarFunction(expr.fn);
    const call = callOf(expr, this.#context.settings);
    if (entry.lazy === true) return this.#lazyCall(entry, expr, call);
    const args = this.#args(entry, expr);
    const ranges = args.map((arg) => arg.range);
    if (entry.nulls === 'custom') return this.#ranged(this.#invoke(entry, args, call), entry, ranges, call);
    // Nothing but null comes of a null literal; what the arguments before it raise was compiled above.
    if (call.literals.includes(null)) return this.#literal({ kind: 'literal', type: expr.type, value: null });
    const isNull = anyNull(this, args);
    const bare = args.map(({ type, carrier, parts, range, bytesEnd }) => ({
      ...value(type, carrier, parts, undefined, range),
      ...(bytesEnd === undefined ? {} : { bytesEnd }),
    }));
    if (isNull === undefined || !needsBranch(entry, args, call, ranges)) {
      const result = this.#sparing(isNull, () => this.#ranged(this.#invoke(entry, bare, call), entry, ranges, call));
      return this.#withNull(result, isNull);
    }
    const nullFlag = this.code.local('i32');
    let result: Value | undefined;
    this.code
      .get(isNull)
      .tee(nullFlag)
      .op('i32.eqz')
      .if(() => {
        result = this.scoped(() => this.#invoke(entry, bare, call));
        if (result.isNull !== undefined) this.code.get(result.isNull).set(nullFlag);
      });
    return this.#ranged({ ...(result as Value | undefined as Value), isNull: nullFlag }, entry, ranges, call);
  }

  /** The arguments; what may fail behind one that may be null is jumped over where that is null, as Spark does. */
  #args(entry: ScalarFunction, { args }: CallExpr): Value[] {
    const compile = (arg: PhysicalExpr): Value => (entry.narrow === true ? this.compile(arg) : this.compileWide(arg));
    if (entry.nulls === 'custom') return args.map(compile);
    const values: Value[] = [];
    const before: Value[] = [];
    for (const i of argOrder(entry, args)) {
      const arg = args[i] as PhysicalExpr;
      const isNull =
        before.some((known) => known.isNull !== undefined) && this.#mayFail(arg) ? anyNull(this, before) : undefined;
      const made = isNull === undefined ? compile(arg) : this.#unless(isNull, () => compile(arg));
      values[i] = made;
      before.push(made);
    }
    return values;
  }

  /** A value that is computed where the flag is 0, and null where it is not. */
  #unless(isNull: Local, build: () => Value): Value {
    const nullFlag = this.code.local('i32');
    let made: Value | undefined;
    this.code
      .get(isNull)
      .tee(nullFlag)
      .op('i32.eqz')
      .if(() => {
        made = this.scoped(build);
        if (made.isNull !== undefined) this.code.get(made.isNull).set(nullFlag);
      });
    return { ...(made as Value | undefined as Value), isNull: nullFlag };
  }

  /** Whether evaluating it may raise an error, itself or in what it is made of. */
  #mayFail(expr: PhysicalExpr): boolean {
    if (expr.kind !== 'call') return false;
    let known = this.#failing.get(expr);
    if (known === undefined) {
      const ranges = expr.args.map((arg) => this.rangeOf(arg));
      known =
        mayFail(scalarFunction(expr.fn), callOf(expr, this.#context.settings), ranges) ||
        expr.args.some((arg) => this.#mayFail(arg));
      this.#failing.set(expr, known);
    }
    return known;
  }

  /** Runs `build` for code that also computes on null rows, where whatever lies there must not count as a failure. */
  #sparing<T>(isNull: Local | undefined, build: () => T): T {
    this.#nullRow = isNull;
    try {
      return build();
    } finally {
      this.#nullRow = undefined;
    }
  }

  #invoke(entry: ScalarFunction, args: readonly Value[], call: Call): Value {
    const made = entry.emit?.(this, args, call);
    // An argument that is given back as it is has the type of the call from here on.
    if (made !== undefined) return made.type === call.returns ? made : { ...made, type: call.returns };
    return this.js(
      call,
      args.map((arg) => widen(this, arg)),
    );
  }

  #lazyCall(entry: ScalarFunction, expr: CallExpr, call: Call): Value {
    const thunks = expr.args.map((arg) => this.#thunk(arg));
    const result = entry.emitLazy?.(this, thunks, call);
    if (result === undefined) throw engineBug(`the lazy function ${expr.fn} has no Wasm form`);
    return this.#ranged(
      result,
      entry,
      expr.args.map((arg) => this.rangeOf(arg)),
      call,
    );
  }

  #thunk(expr: PhysicalExpr): Thunk {
    return Object.assign(() => this.compile(expr), {
      type: expr.type,
      nullable: isNullable(expr),
      range: this.rangeOf(expr),
      isNullLiteral: expr.kind === 'literal' && expr.value === null,
      cheap: this.#cost(expr) <= CHEAP_CALLS,
    });
  }

  /** Calls an early evaluation would make; Infinity when it may fail, is long or is not Wasm. */
  #cost(expr: PhysicalExpr): number {
    if (carrierOf(expr.type) === 'bytes') return Number.POSITIVE_INFINITY;
    if (expr.kind !== 'call') return 0;
    const entry = scalarFunction(expr.fn);
    if (entry.deterministic === false || (entry.emit ?? entry.emitLazy) === undefined) return Number.POSITIVE_INFINITY;
    const call = callOf(expr, this.#context.settings);
    const ranges = expr.args.map((arg) => this.rangeOf(arg));
    if (mayFail(entry, call, ranges)) return Number.POSITIVE_INFINITY;
    return expr.args.reduce((sum, arg) => sum + this.#cost(arg), 1);
  }

  #findRange(expr: PhysicalExpr): Range | undefined {
    const bounds = integerBounds(expr.type);
    if (bounds === undefined) return undefined;
    if (expr.kind === 'column') {
      const { columnRange } = this.#options;
      return columnRange === undefined ? this.compile(expr).range : columnRange(expr.index);
    }
    if (expr.kind === 'literal') {
      if (expr.value === null) return undefined;
      const exact = BigInt(expr.value as bigint | number | boolean);
      return [exact, exact];
    }
    const ranges = expr.args.map((arg) => this.rangeOf(arg));
    const range = scalarFunction(expr.fn).range?.(ranges, callOf(expr, this.#context.settings));
    return range && intersect(range, bounds);
  }

  #ranged(result: Value, entry: ScalarFunction, ranges: readonly (Range | undefined)[], call: Call): Value {
    if (result.range !== undefined || !isIntCarrier(result.carrier)) return result;
    const bounds = integerBounds(result.type);
    const range = entry.range?.(ranges, call);
    if (range === undefined || bounds === undefined) return result;
    return { ...result, range: intersect(range, bounds) };
  }

  #withNull(result: Value, isNull: Local | undefined): Value {
    if (isNull === undefined) return result;
    if (result.isNull === undefined) return { ...result, isNull };
    const both = this.code.local('i32');
    this.code.get(isNull).get(result.isNull).op('i32.or').set(both);
    return { ...result, isNull: both };
  }
}

function mayFail(entry: ScalarFunction, call: Call, ranges: readonly (Range | undefined)[]): boolean {
  return typeof entry.fails === 'function' ? entry.fails(call, ranges) : entry.fails === true;
}

/** Whether null rows are jumped over instead of computed on whatever lies there. */
function needsBranch(
  entry: ScalarFunction,
  args: readonly Value[],
  call: Call,
  ranges: readonly (Range | undefined)[],
): boolean {
  const bytes = args.some((arg) => arg.carrier === 'bytes') || carrierOf(call.returns) === 'bytes';
  return bytes || entry.emit === undefined || mayFail(entry, call, ranges);
}

function literalBytes(type: DataType, scalar: Scalar): Uint8Array {
  if (typeof scalar === 'string') return new TextEncoder().encode(scalar);
  if (scalar instanceof Uint8Array) return scalar;
  return encodeNested(type, scalar);
}
