import { sameShapes } from './same-shapes.mjs';
import { encoded, firstNumber } from './source-map.mjs';

/*
 * What esbuild bundled once more through swc's minifier, which folds, inlines, drops and names better: about a fifteenth
 * of the packed package. It knows no limit of lines, so they are broken here, between tokens.
 */

/** Node prints the line an uncaught error came from. */
const LINE_LIMIT = 800;
/** Tokens after which a line may end anywhere. */
const BREAK_AFTER = new Set([';', ',', '{']);

/**
 * The smallest form of a script or a module; with the map of its text, also the map of what comes out, in short lines and
 * with short names of files.
 */
export async function minified(code, { module = false, map, shortened } = {}) {
  // Scripts import this file before anything is installed.
  const [{ minify }, { parse }] = await Promise.all([import('@swc/core'), import('acorn')]);
  // One character outside of Latin-1 makes V8 hold a whole file in two bytes a character.
  const format = { asciiOnly: true };
  const options = {
    module,
    ecma: 2022,
    compress: { passes: 3, toplevel: true, keep_fargs: false },
    mangle: { toplevel: true },
    format,
  };
  if (map === undefined) return { code: sameShapes((await minify(code, options)).code, '', parse).code };
  const smaller = await minify(code, { ...options, sourceMap: { content: map } });
  const { sourcesContent, ...kept } = JSON.parse(smaller.map);
  const shapes = sameShapes(smaller.code, kept.mappings, parse);
  const even = shortened(shapes.code, shapes.mappings);
  const { lines, mappings } = shortLines(even.code, even.mappings, parse);
  return { code: `${lines.join('\n')}\n`, map: JSON.stringify({ ...kept, mappings }) };
}

/** Where lines may end: behind which characters of a module. */
function ends(code, parse) {
  const found = [];
  const onToken = ({ type, end }) => void (BREAK_AFTER.has(type.label) && found.push(end));
  parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true, onToken });
  return found;
}

/** Where to cut a line that starts at `start`, as columns. */
function cuts(line, start, possible) {
  const found = [];
  let [from, last] = [0, 0];
  for (const at of [...possible.map((end) => end - start), line.length]) {
    if (at - from > LINE_LIMIT && last > from) {
      found.push(last);
      from = last;
    }
    last = at;
  }
  return found;
}

/** The segments of a line's map, of which those behind each cut count their columns from there. */
function cutRows(segments, at) {
  const rows = [[]];
  let [from, before, column] = [0, 0, 0];
  for (const segment of segments.split(',').filter((text) => text !== '')) {
    const [step, length] = firstNumber(segment);
    column += step;
    while (column >= (at[rows.length - 1] ?? Number.POSITIVE_INFINITY)) {
      from = before = at[rows.length - 1];
      rows.push([]);
    }
    rows.at(-1).push(encoded(column - (rows.at(-1).length === 0 ? from : before)) + segment.slice(length));
    before = column;
  }
  while (rows.length <= at.length) rows.push([]);
  return rows.map((row) => row.join(','));
}

/** Breaks the long lines of a module, and its map with them. */
function shortLines(code, mappings, parse) {
  const lines = [];
  const rows = [];
  const mapped = mappings.split(';');
  const possible = ends(code, parse);
  let [start, next] = [0, 0];
  for (const [number, line] of code.split('\n').entries()) {
    const first = next;
    while (next < possible.length && possible[next] <= start + line.length) next++;
    const at = cuts(line, start, possible.slice(first, next));
    lines.push(...[0, ...at].map((from, i) => line.slice(from, at[i])));
    rows.push(...cutRows(mapped[number] ?? '', at));
    start += line.length + 1;
  }
  return { lines, mappings: rows.join(';') };
}
