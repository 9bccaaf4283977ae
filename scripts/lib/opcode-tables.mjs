/*
 * The tables of WebAssembly's instructions, row by row as they are in src/wasm, are 33 kB in every program: the build writes
 * each as a text, where a row says its number only if it is not the one behind the row before, and what it takes and
 * gives only if that differs.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const short = { i32: 'i', i64: 'j', f32: 'f', f64: 'd', v128: 'v' };

/** One row as text: name, number, what it takes and gives, the rest. */
function rowText(name, { code, takes, gives, ...rest }, before) {
  const number = code.length === 1 ? code[0] : code[0] * 256 + code[1];
  const types = (some) => some.map((type) => short[type]).join('');
  const form = [types(takes), types(gives), ...Object.entries(rest).flat()].join(' ');
  const text = `${name}${number === before.number + 1 ? '' : `@${number}`}${form === before.form ? '' : `:${form}`}`;
  before.number = number;
  before.form = form;
  return text;
}

const reader = `
const types = { i: 'i32', j: 'i64', f: 'f32', d: 'f64', v: 'v128' };
const all = (text) => Array.from(text, (type) => types[type]);
const read = (text) => {
  const table = {};
  let [number, form] = [0, {}];
  for (const row of text.split('\\n')) {
    const [, name, at, said] = /^([^@:]+)(?:@(\\d+))?(?::(.*))?$/.exec(row);
    number = at === undefined ? number + 1 : +at;
    if (said !== undefined) {
      const [takes, gives, ...rest] = said.split(' ');
      form = { takes: all(takes), gives: all(gives) };
      for (let i = 0; i < rest.length; i += 2) form[rest[i]] = rest[i] === 'imm' ? rest[i + 1] : +rest[i + 1];
    }
    table[name] = { code: number < 256 ? [number] : [number >> 8, number & 255], ...form };
  }
  return table;
};`;

const imported = (code) => import(`data:text/javascript,${encodeURIComponent(code)}`);

/** The plugin that writes them so. */
export const opcodeTables = {
  name: 'opcode-tables',
  setup: ({ onLoad, esbuild }) =>
    onLoad({ filter: /[\\/]src[\\/]wasm[\\/]opcodes-\w+\.ts$/, namespace: 'file' }, async ({ path: file }) => {
      const { code } = await esbuild.transform(readFileSync(file, 'utf8'), { loader: 'ts' });
      const [[name, table]] = Object.entries(await imported(code));
      const before = { number: -1, form: '' };
      const rows = Object.entries(table).map(([opcode, row]) => rowText(opcode, row, before));
      const contents = `${reader}\nexport const ${name} = read(${JSON.stringify(rows.join('\n'))});`;
      if (!isDeepStrictEqual((await imported(contents))[name], table)) throw new Error(`${file} is not read as it is`);
      return { contents, loader: 'js' };
    }),
};
