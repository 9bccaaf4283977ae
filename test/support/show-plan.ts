import './all-functions.js';
import { type Scalar, simpleString } from '../../src/base/index.js';
import type { PhysicalPlan, SortKey } from '../../src/exec/physical.js';
import type { PhysicalExpr } from '../../src/functions/index.js';

/** A value as a line of a report has it. */
export function showScalar(value: Scalar): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}

export function showExpr(expr: PhysicalExpr): string {
  switch (expr.kind) {
    case 'column':
      return `$${expr.index}${expr.nullable ? '?' : ''}`;
    case 'literal':
      return `${showScalar(expr.value)}:${simpleString(expr.type)}`;
    case 'call':
      return `${expr.fn}(${expr.args.map(showExpr).join(', ')}):${simpleString(expr.type)}${expr.nullable ? '?' : ''}`;
  }
}

const list = (exprs: readonly PhysicalExpr[]): string => exprs.map(showExpr).join(', ');

const showKey = ({ expr, descending, nullsFirst }: SortKey): string =>
  `${showExpr(expr)} ${descending ? 'desc' : 'asc'} nulls ${nullsFirst ? 'first' : 'last'}`;

interface CallText {
  readonly fn: string;
  readonly args: readonly PhysicalExpr[];
  readonly filter?: PhysicalExpr;
  readonly frame?: object;
}

const showCall = ({ fn, args, filter, frame }: CallText): string =>
  `${fn}(${list(args)})${filter === undefined ? '' : ` where ${showExpr(filter)}`}${frame === undefined ? '' : ` frame ${JSON.stringify(frame)}`}`;

/** A plan as an indented tree. */
export function showPlan(plan: PhysicalPlan, indent = ''): string {
  const inputs =
    plan.kind === 'join'
      ? [plan.left, plan.right]
      : plan.kind === 'union'
        ? plan.inputs
        : 'input' in plan
          ? [plan.input]
          : [];
  const columns = plan.columns.map((c) => `${simpleString(c.type)}${c.nullable ? '?' : ''}`).join(', ');
  return [
    `${indent}${plan.kind} ${details(plan)}  → (${columns})`,
    ...inputs.map((input) => showPlan(input, `${indent}  `)),
  ].join('\n');
}

function details(plan: PhysicalPlan): string {
  switch (plan.kind) {
    case 'scan':
      return plan.source.label;
    case 'batches':
      return plan.label;
    case 'filter':
      return showExpr(plan.condition);
    case 'project':
      return list(plan.exprs);
    case 'aggregate':
      return `by [${list(plan.keys)}] [${plan.aggregates.map(showCall).join(', ')}] output [${list(plan.output)}]`;
    case 'join': {
      const keys = plan.keys
        .map((k) => `${showExpr(k.left)} ${k.nullSafe ? '<=>' : '='} ${showExpr(k.right)}`)
        .join(' and ');
      return `${plan.how} build ${plan.build} on [${keys}]${plan.residual === undefined ? '' : ` residual ${showExpr(plan.residual)}`}`;
    }
    case 'sort':
      return `[${plan.keys.map(showKey).join(', ')}] limit ${plan.limit} offset ${plan.offset}`;
    case 'limit':
      return `limit ${plan.limit} offset ${plan.offset}`;
    case 'window':
      return `partition [${list(plan.partitionBy)}] order [${plan.orderBy.map(showKey).join(', ')}] [${plan.calls.map(showCall).join(', ')}]`;
    case 'sample':
      return `${plan.lowerBound}…${plan.upperBound} seed ${plan.seed}`;
    case 'repartition':
      return String(plan.partitions);
    default:
      return '';
  }
}
