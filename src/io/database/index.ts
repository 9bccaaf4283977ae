import {
  type Batch,
  buildColumn,
  type DataType,
  type Format,
  parseScalar,
  type Scalar,
  SparrowError,
  simpleString,
  type TaskContext,
} from '../../base/index.js';
import { connect } from './adapter.js';
import { type DatabaseValue, databaseError } from './connection.js';
import { type DatabaseSplit, openDatabase } from './open.js';

/** Tables and queries of databases, over drivers that are loaded when they are used. */
export const databaseFormat: Format = {
  name: 'database',
  extensions: [],
  open: openDatabase,
  reader: { read: (split, _request, context) => read(split.payload as DatabaseSplit, context) },
};

async function* read({ adapter, sql, schema, fetchSize }: DatabaseSplit, context: TaskContext): AsyncGenerator<Batch> {
  const connection = await connect(adapter).catch((cause: unknown) => {
    throw databaseError(cause, `connecting to ${adapter.kind}`);
  });
  try {
    for await (const rows of connection.rows(sql, schema.fields, fetchSize)) {
      context.checkCancelled();
      if (rows.length === 0) continue;
      context.metrics.rowsRead += rows.length;
      const columns = schema.fields.map(({ name, type }, i) => {
        const values = rows.map((row) => scalarOf(type, row[i] ?? null, name));
        return buildColumn(context.batchArena, type, values);
      });
      yield { rows: rows.length, columns };
    }
  } catch (cause) {
    throw databaseError(cause, sql);
  } finally {
    await connection.close();
  }
}

function scalarOf(type: DataType, value: DatabaseValue, column: string): Scalar {
  if (value === null) return null;
  if (type.kind === 'binary') return value instanceof Uint8Array ? value : Buffer.from(String(value));
  if (type.kind === 'boolean' && typeof value !== 'string') return Boolean(value);
  if (type.kind === 'float64' && typeof value === 'number') return value;
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value);
  const scalar = parseScalar(type, text, 'UTC');
  if (scalar !== undefined) return scalar;
  throw new SparrowError('CAST_INVALID_INPUT', `${JSON.stringify(text)} is no ${simpleString(type)}`, {
    where: `column ${column}`,
    hint: 'give the columns other types with read.schema(…), or cast them in a query',
  });
}
