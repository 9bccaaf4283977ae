import { formatScalar, SparrowError } from '../../base/index.js';
import { constantValue } from '../bind.js';
import { read } from '../build.js';
import type { Catalog } from '../catalog.js';
import type { Expr } from '../expr.js';
import { isConstant } from '../facts.js';
import type { Plan, ViewPlan } from '../node.js';
import { columnName } from '../sql-text.js';
import { castTo } from './calls.js';
import type { PlanSettings } from './context.js';
import { resolveExpr } from './exprs.js';
import { noFrames } from './frames.js';
import { scopeOf } from './scope.js';

const TIMESTAMP = { kind: 'timestamp' } as const;

/** The table as it was: its reads are told so. Only tables with a log can tell. */
export function asOf(plan: Plan, { name, asOf: when }: ViewPlan, catalog: Catalog): Plan {
  const inner = plan.kind === 'subquery_alias' && plan.path !== undefined ? plan.input : plan;
  if (when === undefined) return inner;
  const table = inner.kind === 'cached' ? inner.input : inner;
  if (table.kind !== 'read' || table.description.format !== 'delta') throw noTravel(name);
  const { description } = table;
  const [option, text] =
    'version' in when
      ? ['versionAsOf', when.version]
      : ['timestampAsOf', timestampText(when.timestamp, catalog.settings())];
  return read({ ...description, options: { ...description.options, [option as string]: text as string } });
}

/** For what has no versions: files, views, queries of WITH. */
export const noTravel = (name: string): SparrowError =>
  new SparrowError('UNSUPPORTED_FEATURE.TIME_TRAVEL', `\`${name}\` has no versions to go back to`, {
    sqlState: '0A000',
    parameters: {
      relationId: name
        .split('.')
        .map((part) => `\`${part}\``)
        .join('.'),
    },
    hint: 'VERSION AS OF and TIMESTAMP AS OF are for Delta tables',
  });

function timestampText(given: Expr, settings: PlanSettings): string {
  const wrong = (detail: string, why: string): SparrowError =>
    new SparrowError(`INVALID_TIME_TRAVEL_TIMESTAMP_EXPR.${detail}`, `the time of AS OF ${why}: ${columnName(given)}`, {
      sqlState: '42K0E',
      parameters: { expr: `"${columnName(given)}"` },
    });
  const subquery = (): never => {
    throw wrong('UNEVALUABLE', 'must not ask a query');
  };
  const expr = resolveExpr(given, scopeOf([], noFrames, false, { subquery }), settings);
  if (!isConstant(expr)) throw wrong('NON_DETERMINISTIC', 'must be constant');
  const value = constantValue(castTo(expr, TIMESTAMP), settings);
  if (typeof value !== 'bigint') throw wrong('INPUT', 'is no timestamp');
  return `${formatScalar(TIMESTAMP, value, 'UTC')}Z`;
}
