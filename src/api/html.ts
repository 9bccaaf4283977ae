import { isNumeric } from '../base/index.js';
import { cellText, type ShownTable } from './show.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => entities[c] ?? c);

/** Rows as an HTML table, for notebooks: names and types in the head, numbers to the right. */
export function htmlTable(table: ShownTable, rows: number): string {
  const shown = Math.min(rows, table.rows);
  const head = table.fields.map((f) => `<th>${escapeHtml(f.name)}</th>`).join('');
  const body = Array.from({ length: shown }, (_, row) => {
    const cells = table.fields.map((f, c) => {
      const text = escapeHtml(cellText(f.type, table.columns[c]?.[row] ?? null, table.timeZone));
      return isNumeric(f.type) ? `<td style="text-align:right">${text}</td>` : `<td>${text}</td>`;
    });
    return `<tr>${cells.join('')}</tr>\n`;
  }).join('');
  const more = table.rows > rows ? `only showing top ${rows} ${rows === 1 ? 'row' : 'rows'}\n` : '';
  return `<table border="1">\n<tr>${head}</tr>\n${body}</table>\n${more}`;
}
