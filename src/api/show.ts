import { type DataType, type Field, formatScalar, type MapScalar, type Scalar, SparrowError } from '../base/index.js';

/** Rows to print: column by column, as the engine holds them. */
export interface ShownTable {
  readonly fields: readonly Field[];
  /** `columns[c][row]`. */
  readonly columns: readonly (readonly Scalar[])[];
  readonly rows: number;
  readonly timeZone: string;
}

/** How `show` prints: Spark's arguments. */
export interface ShowFormat {
  /** Rows printed at most. */
  readonly rows: number;
  /** Characters a cell keeps; 0 keeps all and aligns to the left. */
  readonly truncate: number;
  /** One line per value. */
  readonly vertical: boolean;
}

const MINIMUM_WIDTH = 3;

/** The text `DataFrame.show()` prints in PySpark, letter by letter, with the line break it ends in. */
export function showString(table: ShownTable, { rows, truncate, vertical }: ShowFormat): string {
  const names = table.fields.map((f) => escapeControls(f.name));
  const shown = Math.min(rows, table.rows);
  const cells = Array.from({ length: shown }, (_, row) =>
    table.fields.map((f, c) => cut(cellText(f.type, table.columns[c]?.[row] ?? null, table.timeZone), truncate)),
  );
  const body = vertical ? verticalText(names, cells) : gridText(names, cells, truncate > 0);
  if (vertical && shown === 0) return `${body}(0 rows)\n`;
  if (table.rows <= rows) return body;
  return `${body}only showing top ${rows} ${rows === 1 ? 'row' : 'rows'}\n`;
}

/** The format of `show(n, truncate, vertical)`: `true` cuts at 20 characters, `false` not at all. */
export function showFormat(rows: number, truncate: boolean | number, vertical: boolean): ShowFormat {
  if (!Number.isInteger(rows)) {
    throw new SparrowError('NOT_INT', `show() takes a whole number of rows, not ${rows}`);
  }
  const width = typeof truncate === 'boolean' ? (truncate ? 20 : 0) : truncate;
  if (!Number.isInteger(width))
    throw new SparrowError('NOT_BOOL_OR_INT', `truncate is true, false or a whole number, not ${truncate}`);
  return { rows: Math.max(0, rows), truncate: Math.max(0, width), vertical };
}

/** One value as `show` prints it. */
export function cellText(type: DataType, value: Scalar, timeZone: string): string {
  return escapeControls(prettyText(type, value, timeZone));
}

/** As `formatScalar`, with NULL in capitals at every depth and bytes in hexadecimal: Spark's ToPrettyString. */
function prettyText(type: DataType, value: Scalar, timeZone: string): string {
  if (value === null) return 'NULL';
  switch (type.kind) {
    case 'binary':
      return `[${Array.from(value as Uint8Array, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}]`;
    case 'array':
      return `[${(value as readonly Scalar[]).map((v) => prettyText(type.element, v, timeZone)).join(', ')}]`;
    case 'struct': {
      const values = value as readonly Scalar[];
      return `{${type.fields.map((f, i) => prettyText(f.type, values[i] ?? null, timeZone)).join(', ')}}`;
    }
    case 'map': {
      const entries = (value as MapScalar).entries.map(
        ([k, v]) => `${prettyText(type.key, k, timeZone)} -> ${prettyText(type.value, v, timeZone)}`,
      );
      return `{${entries.join(', ')}}`;
    }
    default:
      return formatScalar(type, value, timeZone);
  }
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
  '\u000b': '\\v',
  '\u0007': '\\a',
};
const controls = new RegExp(`[${Object.keys(escapes).join('')}]`, 'g');
const escapeControls = (text: string): string => text.replaceAll(controls, (c) => escapes[c] ?? c);

function cut(text: string, width: number): string {
  if (width <= 0 || text.length <= width) return text;
  return width < 4 ? text.slice(0, width) : `${text.slice(0, width - 3)}...`;
}

/** East Asian wide characters take two cells of a terminal: Spark's ranges. */
const wide = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/g;
const widthOf = (text: string): number => text.length + (text.match(wide)?.length ?? 0);

const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;
const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

function gridText(names: readonly string[], cells: readonly (readonly string[])[], toTheRight: boolean): string {
  const widths = names.map((name, c) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[c] ?? '')), Math.max(MINIMUM_WIDTH, widthOf(name))),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width)).join('+')}+\n`;
  const pad = toTheRight ? padStart : padEnd;
  const line = (row: readonly string[]): string => `|${row.map((cell, c) => pad(cell, widths[c] ?? 0)).join('|')}|\n`;
  return `${rule}${line(names)}${rule}${cells.map(line).join('')}${rule}`;
}

function verticalText(names: readonly string[], cells: readonly (readonly string[])[]): string {
  const nameWidth = Math.max(MINIMUM_WIDTH, ...names.map(widthOf));
  const dataWidth = cells.reduce((most, row) => Math.max(most, ...row.map(widthOf)), MINIMUM_WIDTH);
  return cells
    .map((row, i) => {
      const header = `-RECORD ${i}`.padEnd(nameWidth + dataWidth + 5, '-');
      const lines = row.map((cell, c) => ` ${padEnd(names[c] ?? '', nameWidth)} | ${padEnd(cell, dataWidth)} \n`);
      return `${header}\n${lines.join('')}`;
    })
    .join('');
}
