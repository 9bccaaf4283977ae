import {
  type Platform,
  parseScalar,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  type SourceDescription,
  SparrowError,
  structType,
  type TableSource,
} from '../../base/index.js';
import { GivenOptions } from '../given-options.js';
import { connect, located } from './adapter.js';
import { type DatabaseAdapter, databaseError } from './connection.js';
import { conditionText, type Dialect, literalText, selectText, tableName } from './dialect.js';

/** One query of a scan: read over a connection of its own. */
export interface DatabaseSplit {
  readonly adapter: DatabaseAdapter;
  readonly sql: string;
  readonly schema: Schema;
  readonly fetchSize: number;
}

const NAMES = [
  'adapter',
  'table',
  'query',
  'partitionColumn',
  'lowerBound',
  'upperBound',
  'numPartitions',
  'fetchSize',
];
const FETCH_ROWS = 8192;

/** Asks the database for the columns of a table or a query. */
export async function openDatabase(description: SourceDescription, _platform: Platform): Promise<TableSource> {
  const given = new GivenOptions('Database', NAMES, description.options);
  const [table, query, adapterText] = [given.text('table'), given.text('query'), given.text('adapter')];
  if ((table === undefined) === (query === undefined) || adapterText === undefined) {
    throw new SparrowError('INVALID_OPTION', 'a database is read by a table or a query', {
      hint: "session.read.database(adapter, { table: 'orders' }), or { query: 'SELECT …' }",
    });
  }
  const adapter = located(JSON.parse(adapterText) as DatabaseAdapter);
  const connection = await connect(adapter).catch((cause: unknown) => {
    throw databaseError(cause, `connecting to ${adapter.kind}`);
  });
  try {
    const { dialect } = connection;
    const from = table === undefined ? `(${(query as string).replace(/;\s*$/, '')}) AS q` : tableName(dialect, table);
    const sql = `SELECT * FROM ${from}`;
    const columns = (): Promise<Schema> =>
      connection.describe(sql).then(
        (fields) => structType([...fields]),
        (cause: unknown) => {
          throw databaseError(cause, sql);
        },
      );
    const schema = description.schema ?? (await columns());
    const ranges = rangesOf(given, dialect, schema, description.zone ?? 'UTC');
    return new DatabaseTable(adapter, dialect, from, schema, ranges, given.number('fetchSize', FETCH_ROWS, 1, 1e6));
  } finally {
    await connection.close();
  }
}

/**
 * Conditions that share the rows out, as Spark's JDBC source does: strides of a column, open at both ends. The bounds are
 * whole numbers, or days and times where the column has them.
 */
function rangesOf(given: GivenOptions<string>, dialect: Dialect, schema: Schema, zone: string): readonly string[] {
  const column = given.text('partitionColumn');
  const count = given.number('numPartitions', 1, 1, 1000);
  if (column === undefined || count === 1) return [];
  const found = schema.fields.find((f) => f.name.toLowerCase() === column.toLowerCase());
  const type = found && OF_TIME.has(found.type.kind) && dialect.compared.has(found.type.kind) ? found.type : undefined;
  const [low, high] = (['lowerBound', 'upperBound'] as const).map((name) => {
    const text = given.text(name) ?? '';
    const bound = type === undefined ? wholeNumber(text) : parseScalar(type, text, zone);
    if (bound !== undefined) return BigInt(bound as number | bigint);
    throw given.wrong(name, text, `${type === undefined ? 'a whole number' : `a ${type.kind}`}, with partitionColumn`);
  }) as [bigint, bigint];
  const name = tableName(dialect, found?.name ?? column);
  const step = (high - low) / BigInt(count) || 1n;
  const bounds = Array.from({ length: count - 1 }, (_, i) => low + step * BigInt(i + 1)).map((bound) =>
    type === undefined ? bound : literalText(dialect, type, type.kind === 'date' ? Number(bound) : bound),
  );
  return [...bounds, undefined].map((bound, i) => {
    const before = i === 0 ? undefined : bounds[i - 1];
    const isBelow = bound === undefined ? [] : [`${name} < ${bound}`];
    if (before === undefined) return [...isBelow, `${name} IS NULL`].join(' OR ');
    return [`${name} >= ${before}`, ...isBelow].join(' AND ');
  });
}

const OF_TIME = new Set(['date', 'timestamp', 'timestamp_ntz']);

const wholeNumber = (text: string): bigint | undefined => (/^-?\d{1,18}$/.test(text) ? BigInt(text) : undefined);

class DatabaseTable implements TableSource {
  readonly format = 'database';
  readonly statistics = { columns: {} };
  readonly label: string;

  constructor(
    private readonly adapter: DatabaseAdapter,
    private readonly dialect: Dialect,
    private readonly from: string,
    readonly schema: Schema,
    private readonly ranges: readonly string[],
    private readonly fetchSize: number,
  ) {
    this.label = `${dialect.name} ${from}`;
  }

  async plan({ columns, predicate, limit }: ScanRequest): Promise<{ splits: ScanSplit[]; skipped: number }> {
    const { adapter, dialect, schema, fetchSize } = this;
    const fields = columns.map((name) => schema.fields.find((f) => f.name === name) as Schema['fields'][number]);
    const condition = predicate && conditionText(dialect, schema, predicate);
    const most = predicate === undefined ? limit : undefined;
    const splits = (this.ranges.length === 0 ? [undefined] : this.ranges).map((range): ScanSplit => {
      const conditions = [range, condition].filter((text) => text !== undefined);
      const sql = selectText(dialect, this.from, columns, conditions, most);
      const payload: DatabaseSplit = { adapter, sql, schema: structType(fields), fetchSize };
      return { format: 'database', label: sql, payload };
    });
    return { splits, skipped: 0 };
  }
}
