import {
  type Batch,
  type DataType,
  formatScalar,
  readColumn,
  type Scalar,
  type Schema,
  SparrowError,
} from '../../base/index.js';
import { connect, located } from '../../io/database/adapter.js';
import {
  type DatabaseAdapter,
  type DatabaseConnection,
  type DatabaseValue,
  databaseError,
} from '../../io/database/connection.js';
import { tableName } from '../../io/database/dialect.js';
import type { Plan } from '../../plan/node.js';
import { start } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { ActionOptions, WriteResult } from '../engine.js';

/** Rows in one INSERT. */
const INSERT_ROWS = 1000;

interface Target {
  readonly adapter: DatabaseAdapter;
  readonly table: string;
  readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
}

/** Inserts the rows of a frame into a table of a database, in one transaction: all of them, or none. */
export async function writeDatabase(
  context: FrameContext,
  plan: Plan,
  { adapter, table, mode }: Target,
  options: ActionOptions,
): Promise<WriteResult> {
  const connection = await connect(located(adapter)).catch((cause: unknown) => {
    throw databaseError(cause, `connecting to ${adapter.kind}`);
  });
  const { dialect } = connection;
  const name = tableName(dialect, table);
  const run = (sql: string, values?: readonly DatabaseValue[]): Promise<void> =>
    connection.execute(sql, values).catch((cause: unknown) => {
      throw databaseError(cause, sql);
    });
  try {
    const exists = await connection.hasTable(table);
    if (exists && mode === 'ignore') return { files: 0, rows: 0, bytes: 0 };
    if (exists && mode === 'error') {
      throw new SparrowError('TABLE_OR_VIEW_ALREADY_EXISTS', `the table ${table} is there already`, {
        hint: "write.mode('append') adds rows to it, mode('overwrite') replaces them",
      });
    }
    const query = await start(context, plan, options);
    if (!exists) await run(`CREATE TABLE ${name} (${columnsText(connection, query.schema)})`);
    let isDone = false;
    try {
      await run('BEGIN');
      if (exists && mode === 'overwrite') await run(`DELETE FROM ${name}`);
      let rows = 0;
      for await (const batch of query.batches) {
        await insert(connection, run, name, query.schema, context.engine.heap, batch);
        rows += batch.rows;
      }
      await run('COMMIT');
      isDone = true;
      return { files: 0, rows, bytes: 0 };
    } finally {
      if (!isDone) {
        await connection.execute('ROLLBACK').catch(() => undefined);
        if (!exists) await connection.execute(`DROP TABLE ${name}`).catch(() => undefined);
      }
    }
  } finally {
    await connection.close();
  }
}

function columnsText({ dialect }: DatabaseConnection, schema: Schema): string {
  return schema.fields
    .map(({ name, type, nullable }) => {
      if (['array', 'struct', 'map', 'variant', 'null'].includes(type.kind)) {
        throw new SparrowError(
          'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
          `${dialect.name} has no columns of ${type.kind}`,
          {
            where: `column ${name}`,
            hint: 'make it a string with fn.toJson',
          },
        );
      }
      return `${tableName(dialect, name.replaceAll('.', '_'))} ${dialect.declare(type)}${nullable ? '' : ' NOT NULL'}`;
    })
    .join(', ');
}

async function insert(
  { dialect }: DatabaseConnection,
  run: (sql: string, values: readonly DatabaseValue[]) => Promise<void>,
  table: string,
  { fields }: Schema,
  heap: Parameters<typeof readColumn>[0],
  batch: Batch,
): Promise<void> {
  const columns = batch.columns.map((column, i) => {
    const write = writtenAs((fields[i] as Schema['fields'][number]).type);
    return readColumn(heap, column).map((scalar) => (scalar === null ? null : write(scalar)));
  });
  const names = fields.map(({ name }) => tableName(dialect, name.replaceAll('.', '_'))).join(', ');
  const step = Math.max(1, Math.min(INSERT_ROWS, Math.floor(dialect.maxParameters / Math.max(1, fields.length))));
  for (let from = 0; from < batch.rows; from += step) {
    const count = Math.min(step, batch.rows - from);
    const values: DatabaseValue[] = [];
    for (let row = from; row < from + count; row++) for (const column of columns) values.push(column[row] ?? null);
    let at = 0;
    const tuple = (): string => `(${fields.map(() => dialect.parameter(++at)).join(', ')})`;
    await run(`INSERT INTO ${table} (${names}) VALUES ${Array.from({ length: count }, tuple).join(', ')}`, values);
    await new Promise(setImmediate);
  }
}

/** Numbers and truth as they are, everything else exactly as text. */
function writtenAs(type: DataType): (scalar: Scalar) => DatabaseValue {
  switch (type.kind) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'binary':
    case 'string':
      return (scalar) => scalar as DatabaseValue;
    case 'timestamp':
      return (scalar) => formatScalar({ kind: 'timestamp_ntz' }, scalar, 'UTC');
    default:
      return (scalar) => formatScalar(type, scalar, 'UTC');
  }
}
