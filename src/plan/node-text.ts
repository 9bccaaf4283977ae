import type { Expr } from './expr.js';
import type { Plan } from './node.js';
import type { GroupLimit } from './node-parts.js';
import { type SqlTextOptions, sqlText } from './sql-text.js';

const WITH_IDS: SqlTextOptions = { ids: true };
/** Lists longer than this are cut in a node's line. */
const MOST_FIELDS = 25;
const LONGEST_EXPR = 2000;

/** One node as one line, as Spark's explain writes it: `Filter (delay#3 > 15)`. */
export function nodeText(plan: Plan): string {
  switch (plan.kind) {
    case 'read':
      return `'Read ${plan.description.format} [${plan.description.paths.join(', ')}]`;
    case 'view':
      return `'View ${plan.name}`;
    case 'sql_query':
      return `'SqlQuery ${plan.text}`;
    case 'with_columns':
      return `'WithColumns ${list(plan.columns.map((c) => `${text(c.expr)} AS ${c.name}`))}`;
    case 'drop':
      return `'Drop ${exprs(plan.columns)}`;
    case 'rename':
      return `'Rename ${list(Object.entries(plan.names).map(([from, to]) => `${from} AS ${to}`))}`;
    case 'to_names':
      return `'ToNames ${list(plan.names)}`;
    case 'using_join':
      return `'Join ${joinName(plan.how)}, ${plan.natural ? 'NATURAL' : `USING ${list(plan.columns)}`}`;
    case 'drop_duplicates':
      return `'DropDuplicates ${list(plan.columns)}`;
    case 'limit_by':
      return `'${plan.what === 'limit' ? 'Limit' : 'Offset'} ${text(plan.rows)}`;
    case 'set_operation':
      return `'${plan.op === 'intersect' ? 'Intersect' : 'Except'} ${plan.all ? 'All' : 'Distinct'}`;
    case 'with':
      return `'With ${list(plan.queries, (query) => query.name)}`;
    case 'recursion':
      return `'UnionLoop ${plan.name}${plan.all ? '' : ', distinct'}`;
    case 'values':
      return `'Values ${plan.rows.length} rows`;
    case 'table_function':
      return `'TableFunction ${plan.name}(${plan.args.map(text).join(', ')})`;
    case 'pivot':
      return `'Pivot ${exprs(plan.columns)}, ${exprs(plan.aggregates)}`;
    case 'unpivot':
      return `'Unpivot ${plan.variableName}, ${list(plan.valueNames)}`;
    case 'summary':
      return `'Summary ${list(plan.statistics)}`;
    case 'each_column':
      return `'EachColumn ${plan.change.does}`;
    case 'hint':
      return `'Hint ${plan.name}`;
    case 'asof_join':
      return `'AsOfJoin ${joinName(plan.how)}, ${plan.direction}, ${text(plan.leftOn)}, ${text(plan.rightOn)}`;
    case 'scan': {
      const predicate = plan.predicate === undefined ? '' : `, predicate: ${text(plan.predicate)}`;
      const paths = Object.entries(plan.fields ?? {}).flatMap(([name, of]) =>
        of.map((path) => [name, ...path].join('.')),
      );
      const fields = paths.length === 0 ? '' : `, fields: ${[...new Set(paths)].join(', ')}`;
      return `Scan ${plan.source.label} ${exprs(plan.output)}${fields}${predicate}${limitText(plan.limit)}`;
    }
    case 'local':
      return `LocalRelation ${exprs(plan.output)}, ${plan.data.content.rows ?? 'unknown'} rows`;
    case 'range':
      return `Range (${plan.start}, ${plan.end}, step=${plan.step}) ${exprs(plan.output)}`;
    case 'cached':
      return plan.shared === true
        ? `Shared ${exprs(plan.output)}, part ${-plan.cacheId}`
        : `InMemoryRelation ${exprs(plan.output)}, cache ${plan.cacheId}`;
    default:
      return operatorText(plan);
  }
}

function operatorText(plan: Plan): string {
  switch (plan.kind) {
    case 'project':
      return `Project ${exprs(plan.exprs)}`;
    case 'filter':
      return `Filter ${text(plan.condition)}`;
    case 'aggregate':
      return `Aggregate ${exprs(plan.groupBy)}, ${plan.sets === undefined ? '' : `sets ${JSON.stringify(plan.sets)}, `}${exprs(plan.output)}${
        plan.having === undefined ? '' : `, having ${text(plan.having)}`
      }`;
    case 'join': {
      const condition = plan.condition === undefined ? '' : `, ${text(plan.condition)}`;
      return `Join ${joinName(plan.how)}${condition}${plan.build === undefined ? '' : `, build ${plan.build}`}`;
    }
    case 'sort':
      return `Sort ${exprs(plan.orders)}, ${plan.local !== true}`;
    case 'limit':
      return [
        plan.limit === undefined ? undefined : `Limit ${plan.limit}`,
        plan.offset === 0 ? undefined : `Offset ${plan.offset}`,
      ]
        .filter((part) => part !== undefined)
        .join(', ');
    case 'union':
      return plan.byName ? `Union by name, allowMissing=${plan.allowMissing}` : 'Union';
    case 'distinct':
      return 'Distinct';
    case 'window':
      return `Window ${exprs(plan.calls)}, ${exprs(plan.partitionBy)}, ${exprs(plan.orderBy)}${groupLimitText(plan.groupLimit)}`;
    case 'sample':
      return `Sample ${plan.lowerBound ?? 0}, ${plan.fraction}, ${plan.withReplacement}, ${plan.seed}`;
    case 'repartition': {
      const name = plan.shuffle ? 'Repartition' : 'Coalesce';
      return `${name} ${plan.partitions ?? ''}${plan.by.length > 0 ? ` by ${exprs(plan.by)}` : ''}`.trimEnd();
    }
    case 'subquery_alias':
      return `SubqueryAlias ${plan.name}`;
    case 'expand':
      return `Expand ${list(plan.projections, exprs)}, ${exprs(plan.output)}`;
    case 'generate': {
      const names = plan.output === undefined ? list(plan.names) : exprs(plan.output);
      return `Generate ${text(plan.generator)}, ${plan.outer}${plan.alias === undefined ? '' : `, ${plan.alias}`}, ${names}`;
    }
    case 'lateral_join':
      return `LateralJoin ${joinName(plan.how)}${plan.condition === undefined ? '' : `, ${text(plan.condition)}`}`;
    case 'recursive':
      return `UnionLoop ${plan.id}${plan.distinct ? ', distinct' : ''} ${exprs(plan.output)}`;
    case 'recursive_ref':
      return `UnionLoopRef ${plan.id} ${exprs(plan.output)}`;
    case 'write':
      return `Write ${plan.format} ${plan.path}, ${plan.mode}`;
    default:
      return plan.kind;
  }
}

const spark: Readonly<Record<string, string>> = {
  inner: 'Inner',
  left: 'LeftOuter',
  right: 'RightOuter',
  full: 'FullOuter',
  semi: 'LeftSemi',
  anti: 'LeftAnti',
  cross: 'Cross',
  exists: 'ExistenceJoin',
};
const joinName = (how: string): string => spark[how] ?? how;
const limitText = (limit: number | undefined): string => (limit === undefined ? '' : `, limit ${limit}`);

const groupLimitText = (limit: GroupLimit | undefined): string =>
  limit === undefined ? '' : `, WindowGroupLimit ${limit.by} ${limit.rows}`;

function text(expr: Expr): string {
  const whole = sqlText(expr, WITH_IDS);
  return whole.length <= LONGEST_EXPR ? whole : `${whole.slice(0, LONGEST_EXPR)}…`;
}

const exprs = (items: readonly Expr[]): string => list(items, text);

function list<T>(items: readonly T[], show: (item: T) => string = String): string {
  const more = items.length - MOST_FIELDS;
  const shown = (more > 0 ? items.slice(0, MOST_FIELDS) : items).map(show).join(', ');
  return more > 0 ? `[${shown}, ... ${more} more fields]` : `[${shown}]`;
}
