/*
 * Workers run calls that the caller's thread has typed: of a scalar function they take how it runs, not how it is typed
 * or described. What only that needs is left out of the program that workers of a bundle start from.
 */
import { readFileSync } from 'node:fs';

/** What says how a call of a scalar function is typed and shown. */
const ofScalars = new Set(['resolve', 'sql', 'shown', 'kept']);
/** What `DESCRIBE FUNCTION` and the reference print. */
const ofAll = new Set(['summary', 'examples', 'compiled', 'since']);

/** Every node below `node`, parents before children. */
function* nodesIn(node) {
  if (typeof node?.type === 'string') yield node;
  for (const value of Object.values(node ?? {})) {
    if (Array.isArray(value)) for (const item of value) yield* nodesIn(item);
    else if (typeof value?.type === 'string') yield* nodesIn(value);
  }
}

const isEntryOf = (call, makers) => call.type === 'CallExpression' && makers.includes(call.callee.name);

/** Where the properties stand that no worker reads, the last first. */
function unread(program) {
  const found = [];
  for (const node of nodesIn(program)) {
    if (!isEntryOf(node, ['scalar', 'aggregate', 'generator', 'windowFunction'])) continue;
    const [entry] = node.arguments;
    if (entry?.type !== 'ObjectExpression') continue;
    for (const { type, key, start, end } of entry.properties) {
      if (type !== 'Property') continue;
      if (ofAll.has(key.name) || (node.callee.name === 'scalar' && ofScalars.has(key.name))) found.push([start, end]);
    }
  }
  return found.sort(([a], [b]) => b - a);
}

/** The plugin that leaves them out of src/functions. */
export const withoutTyping = {
  name: 'without-typing',
  setup: ({ onLoad, esbuild }) =>
    onLoad({ filter: /[\\/]src[\\/]functions[\\/][\w-]+\.ts$/, namespace: 'file' }, async ({ path: file }) => {
      // Scripts import this file before anything is installed.
      const { parse } = await import('acorn');
      const { code } = await esbuild.transform(readFileSync(file, 'utf8'), { loader: 'ts' });
      let contents = code;
      for (const [start, end] of unread(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }))) {
        const comma = /^\s*,/.exec(contents.slice(end))?.[0].length ?? 0;
        contents = contents.slice(0, start) + contents.slice(end + comma);
      }
      return { contents, loader: 'js' };
    }),
};
