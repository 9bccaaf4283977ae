import type { RecordBatch, Table } from 'apache-arrow';
import {
  type Batch,
  type Field,
  readColumn,
  type Scalar,
  type Schema,
  SparrowError,
  sameType,
  simpleString,
  structType,
  toUserValue,
  userColumnReader,
} from '../base/index.js';
import { compareScalars } from '../functions/compare-scalars.js';
import { alias, column, project, sort, sortOrder, star } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { start } from './actions.js';
import type { FrameContext } from './context.js';
import { arrowTaker, type BatchColumns, ColumnTaker, madeBy } from './map-batches.js';

/** The values of the grouping columns, as `collect()` gives them. */
export type GroupKey = readonly unknown[];
type Eventually<T> = T | Promise<T>;
/** A function of one group's rows as an Arrow table, and of the group's key. */
export type ArrowGroupMap = (table: Table, key: GroupKey) => Eventually<RecordBatch | Table>;
/** A function of one group's columns, the number of its rows and its key. */
export type GroupMap = (columns: BatchColumns, rows: number, key: GroupKey) => Eventually<BatchColumns>;
/** A function of the rows two frames have for one key; a side that has none gives a table without rows. */
export type ArrowCogroupMap = (left: Table, right: Table, key: GroupKey) => Eventually<RecordBatch | Table>;

/** A frame and what it is grouped by. */
export interface Grouping {
  readonly plan: Plan;
  readonly by: readonly Expr[];
}

/** Rows of a converted batch. */
interface Part<P> {
  readonly of: P;
  readonly from: number;
  readonly to: number;
}
interface Group<P> {
  readonly key: readonly Scalar[];
  readonly parts: Part<P>[];
}

/** So long may groups follow one another before other events get a turn. */
const TURN_MS = 20;

/** The rows that a function makes of each group's Arrow table. */
export function groupsInArrow(context: FrameContext, grouping: Grouping, map: ArrowGroupMap, schema: Schema): Plan {
  return madeBy(schema, context, async (arena) => {
    const take = await arrowTaker(context, arena, schema);
    const groups = await arrowGroups(context, grouping);
    for await (const group of groups.all) take.add(await map(groups.table(group.parts), groups.userKey(group.key)));
    return take.finish();
  });
}

/** The rows that a function makes of each group's columns. */
export function groupsInColumns(context: FrameContext, grouping: Grouping, map: GroupMap, schema: Schema): Plan {
  return madeBy(schema, context, async (arena) => {
    const take = new ColumnTaker(arena, schema);
    const groups = await openGroups(context, grouping, (fields) => {
      const readers = fields.map((field) => userColumnReader(context.engine.heap, field, context.values));
      return ({ columns }) => columns.map((values, i) => (readers[i] as (typeof readers)[number])(values));
    });
    for await (const { key, parts } of groups.all) {
      const columns = groups.fields.map(({ name }, i) => [name, parts.flatMap((part) => valuesOf(part, i))] as const);
      const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0);
      take.add(await map(Object.fromEntries(columns), rows, groups.userKey(key)));
    }
    return take.finish();
  });
}

const valuesOf = ({ of, from, to }: Part<readonly unknown[][]>, column: number): unknown[] =>
  (of[column] as unknown[]).slice(from, to);

/** The rows that a function makes of what two frames have for each key: of either, or of both. */
export function cogroupsInArrow(
  context: FrameContext,
  [left, right]: readonly [Grouping, Grouping],
  map: ArrowCogroupMap,
  schema: Schema,
): Plan {
  if (left.by.length !== right.by.length) {
    throw new SparrowError(
      'NUM_COLUMNS_MISMATCH',
      `cogrouped frames are grouped by as many columns, not ${left.by.length} and ${right.by.length}`,
      { sqlState: '42826' },
    );
  }
  return madeBy(schema, context, async (arena) => {
    const take = await arrowTaker(context, arena, schema);
    const [a, b] = [await arrowGroups(context, left), await arrowGroups(context, right)];
    requireSameKeys(a.keys, b.keys);
    for await (const [key, ofA, ofB] of merged(a.keys, a.all, b.all)) {
      take.add(await map(a.table(ofA), b.table(ofB), a.userKey(key)));
    }
    return take.finish();
  });
}

async function arrowGroups(context: FrameContext, grouping: Grouping) {
  const { toArrowTable } = await import('../base/arrow.js');
  const { Table: ArrowTable } = await import('apache-arrow');
  const { heap } = context.engine;
  const groups = await openGroups(
    context,
    grouping,
    (fields) => (batch) => toArrowTable(heap, structType(fields), [batch]).batches[0] as RecordBatch,
  );
  const none = toArrowTable(heap, structType(groups.fields), []);
  const table = (parts: readonly Part<RecordBatch>[]): Table =>
    parts.length === 0 ? none : new ArrowTable(parts.map(({ of, from, to }) => of.slice(from, to)));
  return { ...groups, table };
}

/** The groups of a frame, in the order of their keys; each batch is converted once. */
async function openGroups<P>(
  context: FrameContext,
  { plan, by }: Grouping,
  converter: (fields: readonly Field[]) => (batch: Batch) => P,
) {
  const names = by.map((_, i) => `key ${i} of the group`);
  const keyed = by.map((expr, i) => alias(expr.kind === 'alias' ? expr.input : expr, names[i] as string));
  const inOrder = sort(
    project(plan, [...keyed, star()]),
    names.map((name) => sortOrder(column(name))),
  );
  const query = await start(context, inOrder);
  const [keys, fields] = [query.schema.fields.slice(0, by.length), query.schema.fields.slice(by.length)];
  const convert = converter(fields);
  const userKey = (key: readonly Scalar[]): GroupKey =>
    key.map((value, i) => toUserValue((keys[i] as Field).type, value, context.values, (keys[i] as Field).name));
  return { keys, fields, userKey, all: groupsOf(context, query.batches, keys, convert) };
}

async function* groupsOf<P>(
  context: FrameContext,
  batches: AsyncIterable<Batch>,
  keys: readonly Field[],
  convert: (batch: Batch) => P,
): AsyncGenerator<Group<P>> {
  let open: Group<P> | undefined;
  let since = performance.now();
  for await (const { rows, columns } of batches) {
    const values = keys.map((_, i) => readColumn(context.engine.heap, columns[i] as Batch['columns'][number]));
    const keyAt = (row: number): Scalar[] => values.map((column) => column[row] ?? null);
    const of = convert({ rows, columns: columns.slice(keys.length) });
    for (let from = 0; from < rows; ) {
      const key = keyAt(from);
      let to = from + 1;
      while (
        to < rows &&
        keys.every(({ type }, i) => compareScalars(type, key[i] as Scalar, values[i]?.[to] ?? null) === 0)
      )
        to++;
      if (open !== undefined && compareKeys(keys, open.key, key) === 0) open.parts.push({ of, from, to });
      else {
        if (open !== undefined) yield open;
        open = { key, parts: [{ of, from, to }] };
      }
      from = to;
      if (performance.now() - since > TURN_MS) {
        await new Promise(setImmediate);
        since = performance.now();
      }
    }
  }
  if (open !== undefined) yield open;
}

function compareKeys(keys: readonly Field[], a: readonly Scalar[], b: readonly Scalar[]): number {
  for (const [i, { type }] of keys.entries()) {
    const difference = compareScalars(type, a[i] ?? null, b[i] ?? null);
    if (difference !== 0) return difference;
  }
  return 0;
}

type Cogroup<P> = readonly [key: readonly Scalar[], left: readonly Part<P>[], right: readonly Part<P>[]];

/** Both sides' groups by key, in order. */
async function* merged<P>(
  keys: readonly Field[],
  left: AsyncGenerator<Group<P>>,
  right: AsyncGenerator<Group<P>>,
): AsyncGenerator<Cogroup<P>> {
  try {
    let [a, b] = [await left.next(), await right.next()];
    while (!(a.done && b.done)) {
      const order = a.done ? 1 : b.done ? -1 : compareKeys(keys, a.value.key, b.value.key);
      const [hasA, hasB] = [!a.done && order <= 0, !b.done && order >= 0];
      const key = (hasA ? a.value : b.value) as Group<P>;
      yield [key.key, hasA ? (a.value as Group<P>).parts : [], hasB ? (b.value as Group<P>).parts : []];
      if (hasA) a = await left.next();
      if (hasB) b = await right.next();
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}

function requireSameKeys(left: readonly Field[], right: readonly Field[]): void {
  for (const [i, { type }] of left.entries()) {
    const other = (right[i] as Field).type;
    if (sameType(type, other)) continue;
    throw new SparrowError(
      'INCOMPATIBLE_JOIN_TYPES',
      `key ${i + 1} of cogrouped frames is ${simpleString(type)} on the left and ${simpleString(other)} on the right`,
      { sqlState: '42613', hint: 'cast one of them' },
    );
  }
}
