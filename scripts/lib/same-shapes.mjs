import { encoded, firstNumber } from './source-map.mjs';

const NOTHING_SPREAD = '...{},';

/**
 * Gives `{ ...a, b }` the form `{ ...{}, ...a, b }`. Node 20 clones what a literal begins with, under a hidden class of its
 * own that no other object shares: each such object takes 4 µs instead of 0.1, and every function that looks at many of them
 * is optimized in vain. It runs last, because minifiers drop the empty object.
 */
export function sameShapes(code, mappings, parse) {
  const found = clones(parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }));
  const at = found.sort((a, b) => a - b);
  const parts = [0, ...at].map((from, i) => code.slice(from, at[i]));
  const mapped = mappings.split(';');
  let [start, next] = [0, 0];
  for (const [number, line] of code.split('\n').entries()) {
    const first = next;
    while (next < at.length && at[next] <= start + line.length) next++;
    const columns = at.slice(first, next).map((place) => place - start);
    if (columns.length > 0 && mapped[number]) mapped[number] = movedSegments(mapped[number], columns);
    start += line.length + 1;
  }
  return { code: parts.join(NOTHING_SPREAD), mappings: mapped.join(';') };
}

/** The places behind the braces of literals that begin with a spread and go on. */
function clones(node) {
  const places = [];
  const pending = [node];
  while (pending.length > 0) {
    const { type, start, properties, ...rest } = pending.pop();
    if (type === 'ObjectExpression' && properties.length > 1 && properties[0].type === 'SpreadElement')
      places.push(start + 1);
    for (const child of [properties, ...Object.values(rest)].flat())
      if (typeof child?.type === 'string') pending.push(child);
  }
  return places;
}

/** The segments of a line's map after text was put in at each of `places`. */
function movedSegments(segments, places) {
  let [column, before, moved] = [0, 0, 0];
  const rows = segments.split(',').map((segment) => {
    const [step, length] = firstNumber(segment);
    column += step;
    while (places[moved] <= column) moved++;
    const now = column + moved * NOTHING_SPREAD.length;
    const text = encoded(now - before) + segment.slice(length);
    before = now;
    return text;
  });
  return rows.join(',');
}
