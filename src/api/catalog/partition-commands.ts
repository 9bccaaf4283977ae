import { join } from 'node:path';
import { type DataType, formatScalar, SparrowError, stringType } from '../../base/index.js';
import { cast, literal } from '../../plan/build.js';
import type { Expr, Literal } from '../../plan/expr.js';
import type { AlterAction, PartitionSpec } from '../../sql/command.js';
import { type CommandContext, type CommandRows, type Handler, NO_ROWS, requireTable, text } from './command-context.js';
import { constants } from './one-value.js';
import type { TableColumn, TableRecord } from './table-store.js';

/** A partition column with its value as its folder has it. */
export interface PartitionValue {
  readonly name: string;
  readonly type: DataType;
  readonly text: string | null;
}

const fullName = ({ database, name }: TableRecord): string => `\`spark_catalog\`.\`${database}\`.\`${name}\``;

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** As Spark, numbers with a fraction are read as text: 2.0 is no value of an INT. */
function asText(value: Expr): Expr {
  const isFraction = value.kind === 'literal' && value.value !== null && /^(decimal|float)/.test(value.type.kind);
  return isFraction ? literal(stringType, formatScalar(value.type, value.value, 'UTC')) : value;
}

const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/** The values of PARTITION (…), where they have one; throws for columns that the table is not partitioned by. */
export async function specValues(
  spec: PartitionSpec,
  record: TableRecord,
  context: CommandContext,
): Promise<PartitionValue[]> {
  const unknown = spec.filter(({ name }) => !record.partitionBy.some((own) => same(own, name)));
  if (unknown.length > 0) throw notFound(unknown.map(({ name }) => `\`${name}\``).join(', '), fullName(record));
  const given = spec.filter(({ value }) => value !== undefined);
  if (given.length === 0) return [];
  const columns = given.map(({ name }) => record.columns.find((c) => same(c.name, name)) as TableColumn);
  const casts = given.map(({ value }, i) => cast(asText(value as Expr), (columns[i] as TableColumn).type));
  const values = await constants(casts, context);
  return columns.map(({ name, type }, i) => {
    const { value } = values[i] as Literal;
    const shown = value === null ? null : formatScalar(type, value, context.settings.timeZone);
    return { name, type, text: shown === NULL_PARTITION ? null : shown };
  });
}

/** INSERT's PARTITION (…) names every partition column, those with values first. */
export function checkInserted(spec: PartitionSpec, { partitionBy, ...record }: TableRecord): void {
  if (spec.length === 0 || record.format === 'delta') return;
  const missing = partitionBy.some((own) => !spec.some(({ name }) => same(own, name)));
  if (missing) {
    throw new SparrowError(
      '_LEGACY_ERROR_TEMP_1169',
      `PARTITION (…) must name all of ${partitionBy.join(', ')}, and names ${spec.map(({ name }) => name).join(', ')}`,
    );
  }
  const givenFor = (own = '') => spec.find(({ name }) => same(own, name))?.value;
  if (!partitionBy.some((own, i) => i > 0 && givenFor(own) !== undefined && givenFor(partitionBy[i - 1]) === undefined))
    return;
  throw new SparrowError(
    '_LEGACY_ERROR_TEMP_1147',
    `partition columns without a value stand behind those with one, in the order ${partitionBy.join(', ')}`,
  );
}

const notFound = (partitionList: string, tableName: string): SparrowError =>
  new SparrowError('PARTITIONS_NOT_FOUND', `the table ${tableName} has no partition ${partitionList}`, {
    sqlState: '428FT',
    parameters: { partitionList, tableName },
    hint: 'ALTER TABLE … DROP IF EXISTS PARTITION passes over what is not there',
  });

const alreadyThere = (partitionList: string, tableName: string): SparrowError =>
  new SparrowError('PARTITIONS_ALREADY_EXIST', `the table ${tableName} has the partition ${partitionList} already`, {
    sqlState: '428FT',
    parameters: { partitionList, tableName },
    hint: 'ALTER TABLE … ADD IF NOT EXISTS PARTITION passes over what is there',
  });

const specText = (values: readonly PartitionValue[]): string =>
  `PARTITION (${values.map(({ name, text: own }) => `\`${name}\` = ${own ?? NULL_PARTITION}`).join(', ')})`;

/** Every value of a partition, outermost first. */
async function wholeSpec(
  spec: PartitionSpec,
  record: TableRecord,
  context: CommandContext,
): Promise<readonly PartitionValue[]> {
  const values = await specValues(spec, record, context);
  const ordered = record.partitionBy.map((name) => values.find((value) => same(value.name, name)));
  const empty = values.find(({ text: own }) => own === '');
  if (empty !== undefined)
    throw new SparrowError('_LEGACY_ERROR_TEMP_1076', `the partition column ${empty.name} must not be an empty text`);
  if (ordered.every((value) => value !== undefined)) return ordered;
  throw new SparrowError(
    '_LEGACY_ERROR_TEMP_1232',
    `PARTITION (…) must give a value to each of ${record.partitionBy.join(', ')} for ${fullName(record)}`,
  );
}

const folders = () => import('../../io/partition-folders.js');

/** Where the partitions of a table are; throws for tables without any of their own. */
function requirePartitions(record: TableRecord, command: string): void {
  const detail =
    record.format === 'delta' || record.format === 'iceberg'
      ? 'PARTITION_MANAGEMENT_IS_UNSUPPORTED'
      : 'PARTITION_SCHEMA_IS_EMPTY';
  if (record.partitionBy.length > 0 && detail === 'PARTITION_SCHEMA_IS_EMPTY') return;
  if (command !== 'SHOW PARTITIONS' && detail === 'PARTITION_SCHEMA_IS_EMPTY') {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1251', `${command} is not for ${record.name}: it has no partitions`);
  }
  throw new SparrowError(`INVALID_PARTITION_OPERATION.${detail}`, `${fullName(record)} has no partitions to name`, {
    sqlState: '42601',
    parameters: { name: fullName(record) },
  });
}

export const showPartitions: Handler<'show_partitions'> = async (
  { table, spec = [] },
  context,
): Promise<CommandRows> => {
  const record = requireTable(table, context);
  requirePartitions(record, 'SHOW PARTITIONS');
  const { partitionPath } = await folders();
  const found = await matching(await specValues(spec, record, context), record, context);
  return { columns: [text('partition')], rows: found.map((values) => [partitionPath(values)]) };
};

/** The partitions that have these values. */
async function matching(values: readonly PartitionValue[], record: TableRecord, { catalog }: CommandContext) {
  const { partitionsIn } = await folders();
  const all = partitionsIn(catalog.store.files, record.location, record.partitionBy);
  return all.filter((own) =>
    values.every(({ name, text: wanted }) => own.some(([column, value]) => same(column, name) && value === wanted)),
  );
}

type PartitionAction = Extract<AlterAction, { kind: `${string}_partitions` }>;

export const isOfPartitions = (action: AlterAction): action is PartitionAction => action.kind.endsWith('_partitions');

export async function alterPartitions(
  action: PartitionAction,
  record: TableRecord,
  context: CommandContext,
): Promise<CommandRows> {
  const { files } = context.catalog.store;
  const { location } = record;
  const table = `\`${record.database}\`.\`${record.name}\``;
  const { partitionPath, movePartitions } = await folders();
  switch (action.kind) {
    case 'add_partitions': {
      requirePartitions(record, 'ALTER TABLE ADD PARTITION');
      const added = await Promise.all(action.specs.map((spec) => wholeSpec(spec, record, context)));
      for (const values of action.ifNotExists ? [] : added) {
        if ((await matching(values, record, context)).length > 0) throw alreadyThere(specText(values), table);
      }
      for (const values of added) files.makeDirectory(join(location, partitionPath(pairsOf(values))));
      return NO_ROWS;
    }
    case 'drop_partitions': {
      requirePartitions(record, 'ALTER TABLE DROP PARTITION');
      const dropped = new Set<string>();
      for (const spec of action.specs) {
        const values = await specValues(spec, record, context);
        // As Spark without a metastore: what names no whole partition names none.
        const isWhole = values.length === record.partitionBy.length;
        const found = isWhole ? await matching(values, record, context) : [];
        if (found.length === 0 && !action.ifExists) throw notFound(specText(values), table);
        for (const own of found) dropped.add(partitionPath(own));
      }
      movePartitions(
        files,
        location,
        [...dropped].map((from) => ({ from })),
      );
      return NO_ROWS;
    }
    case 'rename_partitions': {
      requirePartitions(record, 'ALTER TABLE RENAME PARTITION');
      const from = await wholeSpec(action.from, record, context);
      const to = await wholeSpec(action.to, record, context);
      if ((await matching(from, record, context)).length === 0) throw notFound(specText(from), table);
      if ((await matching(to, record, context)).length > 0) throw alreadyThere(specText(to), table);
      movePartitions(files, location, [{ from: partitionPath(pairsOf(from)), to: partitionPath(pairsOf(to)) }]);
      return NO_ROWS;
    }
    case 'recover_partitions':
      // A table has the partitions that its folder has.
      if (record.partitionBy.length > 0) return NO_ROWS;
      throw new SparrowError('NOT_A_PARTITIONED_TABLE', `${fullName(record)} is not partitioned`, {
        sqlState: '42809',
        parameters: { operation: 'ALTER TABLE RECOVER PARTITIONS', tableIdentWithDB: fullName(record) },
      });
  }
}

const pairsOf = (values: readonly PartitionValue[]) => values.map(({ name, text: own }) => [name, own] as const);

/** TRUNCATE TABLE … PARTITION (…): the partitions stay, without rows. */
export async function truncatePartitions(
  spec: PartitionSpec,
  record: TableRecord,
  context: CommandContext,
): Promise<CommandRows> {
  const { files } = context.catalog.store;
  const { partitionPath, movePartitions } = await folders();
  if (record.partitionBy.length === 0)
    throw new SparrowError('_LEGACY_ERROR_TEMP_1267', `${fullName(record)} has no partitions to truncate`);
  requirePartitions(record, 'TRUNCATE TABLE');
  const values = await specValues(spec, record, context);
  const found = (await matching(values, record, context)).map(partitionPath);
  if (found.length === 0 && values.length === record.partitionBy.length)
    throw notFound(specText(values), `\`${record.database}\`.\`${record.name}\``);
  movePartitions(
    files,
    record.location,
    found.map((from) => ({ from })),
  );
  for (const folder of found) files.makeDirectory(join(record.location, folder));
  return NO_ROWS;
}
