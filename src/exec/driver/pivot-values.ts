import { type Batch, type DataType, readColumn, type Scalar, type SharedHeap, SparrowError } from '../../base/index.js';
import { column, distinct, limit, literal, project, sort, sortOrder } from '../../plan/build.js';
import { everyNode } from '../../plan/nested.js';
import type { PivotPlan, Plan } from '../../plan/node.js';
import { replace, transformUp } from '../../plan/walk.js';

/** More values would make more columns than are of use (spark.sql.pivotMaxValues). */
const MOST_VALUES = 10_000;

const known = new WeakMap<Plan, Plan>();

/** The plan with the values of pivots that name none: every value there is, in order, found by a query of its own. */
export async function withPivotValues(
  plan: Plan,
  rowsOf: (plan: Plan) => Promise<{ readonly types: readonly DataType[]; readonly batches: AsyncIterable<Batch> }>,
  heap: SharedHeap,
): Promise<Plan> {
  const open = everyNode(plan).filter((node): node is PivotPlan => node.kind === 'pivot' && node.values === undefined);
  if (open.length === 0) return plan;
  const before = known.get(plan);
  if (before !== undefined) return before;
  const found = new Map<Plan, Plan>();
  for (const pivot of open) {
    const at = (node: Plan): Plan => found.get(node) ?? node;
    const input = transformUp(pivot.input, at);
    const names = pivot.columns.map((_, i) => `_${i}`);
    const values = project(
      input,
      pivot.columns.map((input_, i) => ({ kind: 'alias', name: names[i] as string, input: input_ }) as const),
    );
    const wanted = limit(
      sort(
        distinct(values),
        names.map((name) => sortOrder(column(name))),
      ),
      MOST_VALUES + 1,
    );
    const { types, batches } = await rowsOf(wanted);
    const rows: Scalar[][] = [];
    for await (const batch of batches) {
      const columns = batch.columns.map((c) => readColumn(heap, c));
      for (let row = 0; row < batch.rows; row++) rows.push(columns.map((c) => c[row] as Scalar));
    }
    if (rows.length > MOST_VALUES) throw tooMany();
    found.set(
      pivot,
      replace(pivot, {
        values: rows.map((row) => ({ exprs: row.map((value, i) => literal(types[i] as DataType, value)) })),
      }),
    );
  }
  const whole = transformUp(plan, (node) =>
    node.kind === 'pivot' && node.values === undefined ? filled(node, found) : node,
  );
  known.set(plan, whole);
  return whole;
}

/** A pivot over a pivot has another input by now, so it is found by its columns. */
function filled(node: PivotPlan, found: ReadonlyMap<Plan, Plan>): Plan {
  for (const [from, to] of found) {
    const pivot = from as PivotPlan;
    if (pivot === node || (pivot.columns === node.columns && pivot.aggregates === node.aggregates)) {
      return replace(node, { values: (to as PivotPlan).values as NonNullable<PivotPlan['values']> });
    }
  }
  return node;
}

const tooMany = (): SparrowError =>
  new SparrowError('PIVOT_COLUMN_COUNT_EXCEEDED', `the pivot column has more than ${MOST_VALUES} different values`, {
    hint: 'name the values you want: pivot(column, [values])',
  });
