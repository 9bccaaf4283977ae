import { encoded, firstNumber } from './source-map.mjs';

/*
 * esbuild ends the names of chunks in eight characters of a hash, and these names stand in imports a few thousand times;
 * nothing compresses worse. Half of them tell the chunks apart just as well.
 */

const HASHED = /[\w-]+-[A-Z2-7]{8}(?=\.js)/g;
const DROPPED = 4;

/** How the names that the paths of all files have are shortened: in a text, and in a module beside its map. */
export function shortNames(paths) {
  const names = new Set(paths.flatMap((path) => path.match(HASHED) ?? []));
  const counts = new Map();
  const halved = (name) => name.slice(0, -DROPPED);
  for (const name of names) counts.set(halved(name), (counts.get(halved(name)) ?? 0) + 1);
  const isShortened = (name) => names.has(name) && counts.get(halved(name)) === 1;
  const short = (text) => text.replace(HASHED, (name) => (isShortened(name) ? halved(name) : name));

  /** A row of a map for a line whose names get shorter. */
  const moved = (row, line) => {
    const ends = [...line.matchAll(HASHED)]
      .filter(([name]) => isShortened(name))
      .map(({ 0: name, index }) => index + name.length);
    if (ends.length === 0 || row === '') return row;
    let [column, before] = [0, 0];
    const segments = row.split(',').map((segment) => {
      const [step, length] = firstNumber(segment);
      column += step;
      const now = column - DROPPED * ends.filter((end) => end <= column).length;
      const text = encoded(now - before) + segment.slice(length);
      before = now;
      return text;
    });
    return segments.join(',');
  };
  const shortened = (code, mappings) => {
    const lines = code.split('\n');
    const rows = mappings.split(';').map((row, i) => moved(row, lines[i] ?? ''));
    return { code: short(code), mappings: rows.join(';') };
  };
  return { short, shortened };
}
