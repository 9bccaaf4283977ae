import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  booleanType,
  type DataType,
  dateType,
  type Field,
  type Format,
  field,
  float64Type,
  int64Type,
  type Platform,
  type Schema,
  type SourceDescription,
  SparrowError,
  stringType,
  structType,
  type TableSource,
  timestampNtzType,
} from '../../base/index.js';
import { columnNames } from '../csv/column-names.js';
import { GivenOptions } from '../given-options.js';
import { packageUrl } from '../optional-package.js';
import { expandPaths } from '../paths.js';
import { localFolder } from '../remote/remote-file.js';

type Cell = string | number | boolean | Date | null;
type ReadSheet = (path: string, sheet?: string | number) => Promise<Cell[][]>;

/** Rows worked on before others get the event loop. */
const SLICE_ROWS = 2_000;
const LIBRARY = 'read-excel-file';

/** Sheets of workbooks (.xlsx), by a library; what it gives lies as JSON in the process's folder, and is read from there. */
export const excelFormat = (json: Format): Format => ({
  name: 'excel',
  extensions: ['.xlsx'],
  open: (description, platform) => openExcel(description, platform, json),
  reader: json.reader,
});

/** By path, time and options: a workbook is taken apart once. */
const known = new Map<string, Promise<{ readonly paths: readonly string[]; readonly schema: Schema }>>();
let count = 0;

async function openExcel(description: SourceDescription, platform: Platform, json: Format): Promise<TableSource> {
  const { options, schema } = description;
  const given = new GivenOptions('Excel', ['header', 'sheet'], options);
  const found = expandPaths(platform.files, description.paths);
  if (found.length === 0) throw new SparrowError('PATH_NOT_FOUND', 'there are no workbooks there');
  const key = JSON.stringify([found.map(({ path, size, modifiedMs }) => [path, size, modifiedMs]), options, schema]);
  let made = known.get(key);
  if (made === undefined) {
    made = convert(
      found.map(({ path }) => path),
      { header: given.flag('header', true), sheet: given.text('sheet'), schema },
      join(localFolder(), `excel-${++count}`),
    );
    known.set(key, made);
    made.catch(() => known.delete(key));
  }
  const { paths, schema: own } = await made;
  // What a schema asks for and a cell does not hold is an error.
  const lines = { ...description, format: 'json', paths, schema: schema ?? own, options: { mode: 'FAILFAST' } };
  return json.open(lines, platform);
}

async function convert(
  paths: readonly string[],
  asked: { readonly header: boolean; readonly sheet: string | undefined; readonly schema: Schema | undefined },
  folder: string,
) {
  const module = (await import(packageUrl(`${LIBRARY}/node`, LIBRARY))) as { readSheet: ReadSheet };
  const sheets: { names: string[]; rows: Cell[][] }[] = [];
  const types = new Map<string, DataType | undefined>();
  for (const path of paths) {
    const rows = await sheetOf(module, path, asked.sheet).catch((cause: Error) => {
      throw new SparrowError('FAILED_READ_FILE', `the workbook cannot be read: ${cause.message}`, {
        where: `file ${path}`,
        cause,
      });
    });
    const head = asked.header
      ? (rows.shift() ?? []).map((cell) => (cell === null ? null : textOf(cell)))
      : (rows[0] ?? []);
    const names = columnNames(head as (string | null)[], asked.header);
    for (const name of names) if (!types.has(name)) types.set(name, undefined);
    await inSlices(rows, (row) => {
      names.forEach((name, i) => {
        const cell = row[i] ?? null;
        if (cell !== null) types.set(name, widened(types.get(name), typeOf(cell)));
      });
    });
    sheets.push({ names, rows });
  }
  const fields = [...types].map(([name, type]) => field(name, type ?? stringType));
  const schema = asked.schema ?? structType(fields);
  mkdirSync(folder);
  const made: string[] = [];
  for (const [i, { names, rows }] of sheets.entries()) {
    made.push(join(folder, `${i}.json`));
    await writeLines(made[i] as string, names, rows, schema.fields);
  }
  return { paths: made, schema };
}

/** A number is a place, or, a year say, a name where there are not so many sheets. */
const sheetOf = (
  { readSheet }: { readSheet: ReadSheet },
  path: string,
  sheet: string | undefined,
): Promise<Cell[][]> =>
  /^\d+$/.test(sheet ?? '')
    ? readSheet(path, Number(sheet)).catch(() => readSheet(path, sheet))
    : readSheet(path, sheet);

async function inSlices(rows: readonly Cell[][], each: (row: Cell[]) => void): Promise<void> {
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    for (const row of rows.slice(at, at + SLICE_ROWS)) each(row);
    await new Promise(setImmediate);
  }
}

async function writeLines(path: string, names: readonly string[], rows: readonly Cell[][], fields: readonly Field[]) {
  const places = fields.map(({ name, type }) => [name, type, names.indexOf(name)] as const);
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < rows.length; at += SLICE_ROWS) {
      const lines = rows.slice(at, at + SLICE_ROWS).map((row) => {
        const values = places.map(([name, type, i]) => [name, valueFor(row[i] ?? null, type)]);
        return `${JSON.stringify(Object.fromEntries(values))}\n`;
      });
      await file.appendFile(lines.join(''));
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const textOf = (cell: Exclude<Cell, null>): string =>
  cell instanceof Date ? cell.toISOString().slice(0, isDay(cell) ? 10 : -1) : String(cell);

const isDay = (date: Date): boolean => date.getTime() % 86_400_000 === 0;

/** A cell as JSON has it for a column. A workbook's times are those of no zone. */
function valueFor(cell: Cell, type: DataType): string | number | boolean | null {
  if (cell === null) return null;
  if (cell instanceof Date && type.kind === 'date') return cell.toISOString().slice(0, 10);
  if (cell instanceof Date && type.kind === 'timestamp') return cell.toISOString();
  if (cell instanceof Date && type.kind !== 'string') return cell.toISOString().slice(0, -1);
  return type.kind === 'string' || cell instanceof Date ? textOf(cell) : cell;
}

function typeOf(cell: Exclude<Cell, null>): DataType {
  if (cell instanceof Date) return isDay(cell) ? dateType : timestampNtzType;
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? int64Type : float64Type;
  return typeof cell === 'boolean' ? booleanType : stringType;
}

/** The type of a column with cells of both. */
function widened(a: DataType | undefined, b: DataType): DataType {
  if (a === undefined || a.kind === b.kind) return b;
  const both = (x: DataType, y: DataType): boolean => (a === x && b === y) || (a === y && b === x);
  if (both(int64Type, float64Type)) return float64Type;
  return both(dateType, timestampNtzType) ? timestampNtzType : stringType;
}
