import { booleanType, type JsFunction } from '../../base/index.js';
import { expressionKey } from '../../functions/call.js';
import { type CallExpr, isNullable, type PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn, PhysicalPlan, UdfCall } from '../physical.js';

export const columnAt = (column: PhysicalColumn, index: number): PhysicalExpr => ({
  kind: 'column',
  index,
  type: column.type,
  nullable: column.nullable,
});

/** Some columns of a plan. */
export function pick(
  input: PhysicalPlan,
  positions: readonly number[],
  columns: readonly PhysicalColumn[],
): PhysicalPlan {
  const exprs = positions.map((p) => columnAt(input.columns[p] as PhysicalColumn, p));
  return { kind: 'project', columns, input, exprs };
}

export const hasUdf = (expr: PhysicalExpr): boolean =>
  expr.kind === 'call' && (expr.js !== undefined || expr.args.some(hasUdf));

/** The expressions over an input that has a column for each call in them. Calls within calls are made first. */
export function withCalls(
  input: PhysicalPlan,
  exprs: readonly PhysicalExpr[],
): { readonly input: PhysicalPlan; readonly exprs: readonly PhysicalExpr[] } {
  let plan = input;
  let rest = exprs;
  while (rest.some(hasUdf)) {
    const width = plan.columns.length;
    const round = new Round(width);
    rest = rest.map((expr) => round.replace(expr, undefined));
    const columns = [...plan.columns, ...round.calls.map(resultColumn)];
    plan = { kind: 'udf', columns, input: plan, calls: round.calls };
  }
  return { input: plan, exprs: rest };
}

const resultColumn = ({ fn }: UdfCall): PhysicalColumn => ({ name: fn.name, type: fn.returns, nullable: true });

/** Takes out the calls whose arguments hold no further calls. */
class Round {
  readonly calls: UdfCall[] = [];
  readonly #known = new Map<string, number>();

  constructor(private readonly width: number) {}

  replace(expr: PhysicalExpr, guard: PhysicalExpr | undefined): PhysicalExpr {
    if (!hasUdf(expr)) return expr;
    const call = expr as CallExpr;
    if (call.js !== undefined && !call.args.some(hasUdf) && !(guard !== undefined && hasUdf(guard))) {
      return { kind: 'column', index: this.#column(call, call.js, guard), type: call.type, nullable: true };
    }
    const args = call.args.map((arg, i) => this.replace(arg, both(guard, branchGuard(call, i))));
    return { ...call, args };
  }

  #column(call: CallExpr, fn: JsFunction, guard: PhysicalExpr | undefined): number {
    const key = `${expressionKey(call)} if ${guard === undefined ? '' : expressionKey(guard)}`;
    const known = fn.deterministic ? this.#known.get(key) : undefined;
    if (known !== undefined) return known;
    const index = this.width + this.calls.length;
    this.calls.push({ fn, args: call.args, ...(guard === undefined ? {} : { guard }) });
    this.#known.set(key, index);
    return index;
  }
}

/** When argument `i` of a conditional is evaluated; undefined: always. */
function branchGuard({ fn, args }: CallExpr, i: number): PhysicalExpr | undefined {
  if (i === 0) return undefined;
  const first = args[0] as PhysicalExpr;
  switch (fn) {
    case 'and':
      return not(isTrue(not(first)));
    case 'or':
      return not(isTrue(first));
    case 'if':
      return i === 1 ? isTrue(first) : not(isTrue(first));
    case 'when':
      return caseGuard(args, i);
    case 'nvl2':
      return call(i === 1 ? 'isnotnull' : 'isnull', first);
    case 'coalesce':
    case 'ifnull':
      return args.slice(0, i).reduce<PhysicalExpr | undefined>((all, arg) => both(all, call('isnull', arg)), undefined);
    case 'nanvl':
      return call('isnan', first);
    default:
      return undefined;
  }
}

/** Conditions stand at even places, and behind them their values; the last of an odd number is ELSE. */
function caseGuard(args: readonly PhysicalExpr[], i: number): PhysicalExpr | undefined {
  const isCondition = i % 2 === 0;
  let guard: PhysicalExpr | undefined;
  for (let c = 0; c < (isCondition ? i : i - 1); c += 2) guard = both(guard, not(isTrue(args[c] as PhysicalExpr)));
  return isCondition ? guard : both(guard, isTrue(args[i - 1] as PhysicalExpr));
}

const call = (fn: string, ...args: readonly PhysicalExpr[]): PhysicalExpr => ({
  kind: 'call',
  fn,
  args,
  type: booleanType,
  nullable: fn === 'not' && args.some(isNullable),
});

const not = (expr: PhysicalExpr): PhysicalExpr => call('not', expr);
/** False where the condition is null. */
const isTrue = (expr: PhysicalExpr): PhysicalExpr =>
  call('eqNullSafe', expr, { kind: 'literal', type: booleanType, value: true });

function both(a: PhysicalExpr | undefined, b: PhysicalExpr | undefined): PhysicalExpr | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { kind: 'call', fn: 'and', args: [a, b], type: booleanType, nullable: isNullable(a) || isNullable(b) };
}
