import type { Answer } from './rows.js';
import { textOf } from './rows.js';
import type { Table } from './tables.js';
import { literal, sparkType } from './values.js';

const MOST_ROWS = 20;

const answerText = (answer: Answer): string =>
  answer.kind === 'error'
    ? `error ${answer.code}: ${answer.message.split('\n').slice(0, 6).join('\n  ')}`
    : [`${answer.rows.length} rows`, ...answer.rows.slice(0, MOST_ROWS).map((row) => `  ${textOf(row)}`)].join('\n');

/** A table as a statement that makes it. */
export function tableText({ name, columns, rows }: Table, dialect: 'spark' | 'duck'): string {
  const values = rows.map(
    (row) => `(${row.map((v, c) => literal((columns[c] as { type: 'int' }).type, v, dialect)).join(', ')})`,
  );
  const nothing = `(${columns.map(({ type }) => literal(type, null, dialect)).join(', ')})`;
  const list = values.length === 0 ? nothing : values.join(', ');
  const names = columns.map((column) => column.name).join(', ');
  const body = `SELECT * FROM (VALUES ${list}) AS x(${names})${values.length === 0 ? ' WHERE false' : ''}`;
  return dialect === 'spark' ? `CREATE TEMP VIEW ${name} AS ${body}` : `CREATE TABLE ${name} AS ${body}`;
}

export interface Finding {
  readonly title: string;
  readonly what: string;
  readonly tables: readonly Table[];
  readonly spark: string;
  readonly duck?: string;
  readonly ours: Answer;
  readonly theirs: Answer;
}

/** What was found, with a test that is ready to be kept. */
export function reportOf({ title, what, tables, spark, duck, ours, theirs }: Finding): string {
  const quote = (text: string): string =>
    `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``;
  const frames = tables.map(
    ({ name, columns, rows }) =>
      `  // ${name}: ${columns.map((c) => `${c.name} ${sparkType(c.type)}`).join(', ')}, ${rows.length} rows\n  await session.execute(${quote(tableText({ name, columns, rows }, 'spark'))});`,
  );
  const expected =
    theirs.kind === 'error' ? `rejects.toThrow() // ${theirs.code}` : `toEqual(${JSON.stringify(theirs.rows)})`;
  return [
    `== ${title}: ${what}`,
    ...(duck === undefined
      ? []
      : [...tables.map((table) => `-- DuckDB: ${tableText(table, 'duck')};`), `-- DuckDB: ${duck};`]),
    `ours:   ${answerText(ours)}`,
    `theirs: ${answerText(theirs)}`,
    `test('${title}', async () => {`,
    ...frames,
    `  const rows = session.sql(${quote(spark)}).collect();`,
    `  expect(rows).${expected};`,
    '});',
  ].join('\n');
}
