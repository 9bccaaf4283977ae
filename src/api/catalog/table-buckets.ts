import { int32Type, nearestNames, SparrowError } from '../../base/index.js';
import { alias, call, column, literal, project, sort, sortOrder, toNames, write } from '../../plan/build.js';
import type { Plan, WritePlan } from '../../plan/node.js';
import type { WriteTarget } from '../../plan/write-target.js';
import type { Buckets } from '../../sql/command.js';
import { notSupported } from './command-context.js';
import type { TableColumn, TableRecord } from './table-store.js';

/** As Spark's `spark.sql.sources.bucketing.maxBuckets`. */
const MOST = 100_000;

function checkCount(count: number): void {
  if (Number.isInteger(count) && count > 0 && count <= MOST) return;
  throw new SparrowError('INVALID_BUCKET_COUNT', `there cannot be ${count} buckets: from 1 to ${MOST} can be made`, {
    sqlState: '22003',
  });
}

/** The clause that makes such buckets. */
export function bucketsText({ count, columns, sortBy }: Buckets, quoted: (name: string) => string): string {
  checkCount(count);
  return [
    `CLUSTERED BY (${columns.map(quoted).join(', ')})\n`,
    sortBy.length === 0 ? '' : `SORTED BY (${sortBy.map(quoted).join(', ')})\n`,
    `INTO ${count} BUCKETS\n`,
  ].join('');
}

/** The name of the column that a table is to be laid out by, as the table spells it. */
export function ownColumn(name: string, columns: readonly TableColumn[], what: string): string {
  const own = columns.find((c) => same(c.name, name));
  if (own !== undefined) return own.name;
  const names = columns.map((c) => c.name);
  throw new SparrowError('COLUMN_NOT_DEFINED_IN_TABLE', `the table has no column \`${name}\` to ${what} by`, {
    sqlState: '42703',
    candidates: nearestNames(name, names),
    parameters: { colName: `\`${name}\``, tableCols: names.map((own) => `\`${own}\``).join(', ') },
  });
}

/** The buckets of a table with these columns, by the names that it spells. */
export function checkedBuckets(
  { count, columns, sortBy }: Buckets,
  table: Pick<TableRecord, 'columns' | 'partitionBy' | 'format'>,
): Buckets {
  checkCount(count);
  if (table.format === 'delta') throw notSupported('a Delta table has no buckets');
  const named = (names: readonly string[], what: string, code: string): string[] => {
    const own = names.map((name) => ownColumn(name, table.columns, what));
    const twice = own.find((name, i) => own.indexOf(name) < i);
    if (twice !== undefined) {
      throw new SparrowError('COLUMN_ALREADY_EXISTS', `the column \`${twice}\` is given twice to ${what} by`, {
        sqlState: '42711',
      });
    }
    const both = own.find((name) => table.partitionBy.some((partition) => same(partition, name)));
    if (both === undefined) return own;
    throw new SparrowError(code, `\`${both}\` is a partition column: there is nothing to ${what} by in a partition`);
  };
  return {
    count,
    columns: named(columns, 'bucket', '_LEGACY_ERROR_TEMP_1166'),
    sortBy: named(sortBy, 'sort', '_LEGACY_ERROR_TEMP_1167'),
  };
}

/** Writes rows, which have the columns of the table in their order, where and as `target` says. */
export function writeInto(rows: Plan, { columns, partitionBy, buckets }: TableRecord, target: WriteTarget): WritePlan {
  if (buckets === undefined) return write(rows, target);
  const places = columns.map((_, i) => `_c${i}`);
  const at = (name: string) => column(places[columns.findIndex((c) => same(c.name, name))] as string);
  const hash = call('hash', ...buckets.columns.map(at));
  const id = alias(call('pmod', hash, literal(int32Type, buckets.count)), '_id');
  const numbered = project(toNames(rows, places), [...places.map((name) => column(name)), id]);
  // One file after the other, each of them sorted.
  const order = [...partitionBy.map(at), column('_id'), ...buckets.sortBy.map(at)];
  const names = columns.map((c) => c.name);
  // Longer than every name, so that no column has it.
  const bucket = `bucket ${names.join(' ')}`;
  const sorted = sort(
    numbered,
    order.map((expr) => sortOrder(expr)),
  );
  return write(toNames(sorted, [...names, bucket]), {
    ...target,
    partitionBy: [...partitionBy, bucket],
    bucketed: true,
  });
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
