import { type Field, field, type Scalar, SparrowError, stringType, structType } from '../base/index.js';
import { alias, call, cast, column, filter, local, project, sort, sortOrder } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import { firstScalars } from './actions.js';
import type { FrameContext } from './context.js';
import { quoted } from './names.js';

/** Rows become columns, so there are at most this many (spark.sql.transposeMaxValues). */
const MOST_ROWS = 500;

/** Columns as rows and rows as columns, named by the index column's values in order; rows without one are left out. */
export async function transposed(
  context: FrameContext,
  plan: Plan,
  fields: readonly Field[],
  index: string,
): Promise<Plan> {
  const by = column(quoted(index));
  const others = fields.map((f) => f.name).filter((name) => name !== index);
  const values = call('array', ...others.map((name) => column(quoted(name))));
  const present = sort(filter(plan, call('isnotnull', by)), [sortOrder(by)]);
  const turned = project(present, [alias(cast(by, stringType), 'key'), alias(values, 'values')]);
  const table = await firstScalars(context, turned, MOST_ROWS).catch((cause: unknown) => {
    if (!(cause instanceof SparrowError) || !cause.code.startsWith('DATATYPE_MISMATCH')) throw cause;
    throw new SparrowError('TRANSPOSE_NO_LEAST_COMMON_TYPE', 'the columns to transpose have no common type', {
      sqlState: '42K09',
      hint: 'cast them to one type first',
      cause,
    });
  });
  if (table.rows > MOST_ROWS) {
    throw new SparrowError('TRANSPOSE_EXCEED_ROW_LIMIT', `transpose makes at most ${MOST_ROWS} columns`, {
      sqlState: '54006',
    });
  }
  const [names = [], rows = []] = table.columns as readonly (readonly Scalar[])[];
  const list = table.fields[1]?.type;
  const type = list?.kind === 'array' ? list.element : stringType;
  const schema = structType([field('key', stringType, false), ...names.map((name) => field(String(name), type))]);
  const cells = rows.map((row) => others.map((_, at) => (row as readonly Scalar[])[at] ?? null));
  return local({ schema, content: { kind: 'scalars', rows: others.length, columns: [others, ...cells] } });
}
