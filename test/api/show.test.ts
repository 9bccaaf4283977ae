import { describe, expect, test } from 'vitest';
import { htmlTable } from '../../src/api/html.js';
import { type ShownTable, showFormat, showString } from '../../src/api/show.js';
import { t } from '../../src/api/types.js';
import { type DataType, field, mapType, type Scalar, structType } from '../../src/base/index.js';

function table(
  columns: Readonly<Record<string, readonly [DataType, readonly Scalar[]]>>,
  timeZone = 'UTC',
): ShownTable {
  const entries = Object.entries(columns);
  return {
    fields: entries.map(([name, [type]]) => field(name, type)),
    columns: entries.map(([, [, values]]) => values),
    rows: entries[0]?.[1][1].length ?? 0,
    timeZone,
  };
}
const people = table({ name: [t.string, ['Alice', 'Bob', null]], age: [t.int32, [2, 15, 7]] });
const shown = (data: ShownTable, rows = 20, truncate: boolean | number = true, vertical = false): string =>
  showString(data, showFormat(rows, truncate, vertical));

// The expected texts are what PySpark 4 prints.
describe('show', () => {
  test('right-aligned, at least three wide, NULL in capitals', () => {
    expect(shown(people)).toBe(
      `+-----+---+
| name|age|
+-----+---+
|Alice|  2|
|  Bob| 15|
| NULL|  7|
+-----+---+
`,
    );
  });

  test('says when there is more', () => {
    expect(shown(people, 2)).toMatch(/\+-----\+---\+\nonly showing top 2 rows\n$/);
    expect(shown(people, 1)).toMatch(/only showing top 1 row\n$/);
    expect(shown(people, 3)).not.toMatch(/only/);
  });

  test('cuts at 20 characters, at a number, or not at all and then to the left', () => {
    const long = table({ text: [t.string, ['abcdefghijklmnopqrstuvwxyz', 'x']] });
    expect(shown(long)).toContain('|abcdefghijklmnopq...|');
    expect(shown(long, 20, 5)).toContain('|ab...|');
    expect(shown(long, 20, 2)).toContain('|  ab|');
    expect(shown(long, 20, false)).toBe(
      `+--------------------------+
|text                      |
+--------------------------+
|abcdefghijklmnopqrstuvwxyz|
|x                         |
+--------------------------+
`,
    );
  });

  test('vertically', () => {
    expect(shown(people, 2, true, true)).toBe(
      '-RECORD 0-----\n name | Alice \n age  | 2     \n-RECORD 1-----\n name | Bob   \n age  | 15    \nonly showing top 2 rows\n',
    );
    expect(shown(table({ a: [t.int32, []] }), 20, true, true)).toBe('(0 rows)\n');
  });

  test('no rows, no columns', () => {
    expect(shown(table({ id: [t.int64, []] }))).toBe('+---+\n| id|\n+---+\n+---+\n');
    expect(shown(table({}))).toBe('++\n||\n++\n++\n');
  });

  test('wide characters take two cells, control characters show', () => {
    expect(shown(table({ k: [t.string, ['日本', 'a\nb\tc']] }))).toBe(
      '+-------+\n|      k|\n+-------+\n|   日本|\n|a\\nb\\tc|\n+-------+\n',
    );
  });

  test('values of every kind', () => {
    const line = (type: DataType, value: Scalar, zone?: string): string =>
      shown(table({ v: [type, [value]] }, zone), 20, false)
        .split('\n')[3]
        ?.slice(1, -1)
        .trimEnd() ?? '';
    expect(line(t.float64, 1)).toBe('1.0');
    expect(line(t.decimal(10, 2), 12345n)).toBe('123.45');
    expect(line(t.boolean, true)).toBe('true');
    expect(line(t.date, 0)).toBe('1970-01-01');
    expect(line(t.timestamp, 0n, 'Asia/Tokyo')).toBe('1970-01-01 09:00:00');
    expect(line(t.binary, new Uint8Array([0, 171]))).toBe('[00 AB]');
    expect(line(t.array(t.string), ['a', null])).toBe('[a, NULL]');
    expect(line(structType([field('a', t.int32), field('b', t.string)]), [1, null])).toBe('{1, NULL}');
    expect(
      line(mapType(t.string, t.int64), {
        entries: [
          ['a', 1n],
          ['b', null],
        ],
      }),
    ).toBe('{a -> 1, b -> NULL}');
  });

  test('refuses what is no number of rows', () => {
    expect(() => showFormat(1.5, true, false)).toThrow(/NOT_INT/);
    expect(() => showFormat(1, 1.5, false)).toThrow(/NOT_BOOL_OR_INT/);
  });
});

test('HTML escapes what it shows', () => {
  const html = htmlTable(table({ '<b>': [t.string, ['<script>', 'x', 'y']], n: [t.int32, [1, 2, 3]] }), 2);
  expect(html).toBe(
    '<table border="1">\n<tr><th>&lt;b&gt;</th><th>n</th></tr>\n<tr><td>&lt;script&gt;</td><td style="text-align:right">1</td></tr>\n<tr><td>x</td><td style="text-align:right">2</td></tr>\n</table>\nonly showing top 2 rows\n',
  );
});
