import { float64Type, int32Type, SparrowError, stringType } from '../../base/index.js';
import { aggregate, aggregateCall, alias, call, cast, literal, project, tryCast } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import type { Plan } from '../node.js';
import { outputOf } from '../output.js';
import { resolveAggregate } from './aggregate.js';
import type { Analyzed } from './analyzed.js';
import type { Context } from './context.js';
import { noFrames } from './frames.js';
import { resolveProject } from './project.js';

const described = /^(int\d+|float\d+|decimal|string)$/;
/** The accuracy Spark asks its percentiles for. */
const ACCURACY = 10_000;

type Statistic = (column: Attribute) => Expr;
const named: Readonly<Record<string, Statistic>> = {
  count: (column) => call('count', column),
  count_distinct: (column) => aggregateCall('count', [column], { distinct: true }),
  approx_count_distinct: (column) => call('approx_count_distinct', column),
  mean: (column) => call('avg', asNumber(column)),
  stddev: (column) => call('stddev', asNumber(column)),
  min: (column) => call('min', column),
  max: (column) => call('max', column),
};

/** One aggregate with every statistic of every column, turned into a row for each statistic. */
export function resolveSummary(statistics: readonly string[], input: Analyzed, context: Context): Plan {
  const makers = statistics.map(statisticOf);
  const columns = outputOf(input.plan).filter((column) => described.test(column.type.kind));
  const cells = makers.flatMap((make) => columns.map((column) => alias(cast(make(column), stringType), column.name)));
  const counted = alias(call('count', literal(int32Type, 1)), 'count');
  const values = resolveAggregate(aggregate(input.plan, [], [counted, ...cells]), input, context);
  const made = outputOf(values).slice(1);
  const rows = statistics.map((statistic, row) => {
    const own = made.slice(row * columns.length, (row + 1) * columns.length);
    const fields = own.flatMap((value, i) => [text((columns[i] as Attribute).name), value]);
    return call('named_struct', text('summary'), text(statistic), ...fields);
  });
  const turned = project(values, [call('inline', call('array', ...rows))]);
  return resolveProject(turned, { plan: values, frames: noFrames }, context);
}

const text = (value: string): Expr => literal(stringType, value);

/** Text counts as the number it reads as, and as nothing where it reads as none. */
const asNumber = (column: Attribute): Expr => (column.type.kind === 'string' ? tryCast(column, float64Type) : column);

function statisticOf(statistic: string): Statistic {
  const found = Object.hasOwn(named, statistic.toLowerCase()) ? named[statistic.toLowerCase()] : undefined;
  if (found !== undefined) return found;
  const share = /^(\d+(?:\.\d+)?)%$/.exec(statistic)?.[1];
  if (share === undefined || Number(share) > 100) {
    throw new SparrowError('INVALID_PARAMETER_VALUE', `${statistic} is not a recognised statistic`, {
      candidates: [...Object.keys(named), '25%'],
    });
  }
  const at = literal(float64Type, Number(share) / 100);
  return (column) => call('percentile_approx', asNumber(column), at, literal(int32Type, ACCURACY));
}
