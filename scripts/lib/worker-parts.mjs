/*
 * Workers read and write pieces of tables; the caller's thread opens tables, plans scans and commits writes. What is
 * imported for that alone has no place in the program that workers start from.
 */
import { readFileSync } from 'node:fs';
import { path } from './house.mjs';

const workersEntry = 'src/exec/worker.ts';

/** Who imports what, of which workers only take the rest. */
const forCaller = [
  [/^src\/io\/\w+\/index\.ts$/, /^\.\/(open|remote)\.js$/],
  [/^src\/io\/iceberg\/index\.ts$/, /^\.\/rest\.js$/],
  [/^src\/io\/registry\.ts$/, /^\.\/(remote\/open|stream-source|delta\/write|excel\/index)\.js$/],
];

/** The modules that workers do not come to; `inputs` is what esbuild tells of the modules and their imports. */
function callersModules(inputs) {
  const [needed, wanted] = [new Set([workersEntry]), new Set()];
  for (const importer of needed) {
    for (const { path: to, original } of inputs[importer]?.imports ?? []) {
      const isForCaller = forCaller.some(([by, name]) => by.test(importer) && name.test(original ?? ''));
      (isForCaller ? wanted : needed).add(to);
    }
  }
  return new Set([...wanted].filter((file) => !needed.has(file)));
}

/** The plugin that puts functions that refuse in place of those modules. */
export function withoutCallersModules(inputs) {
  const files = new Set([...callersModules(inputs)].map((file) => path(file)));
  return {
    name: 'without-callers-modules',
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]src[\\/]io[\\/]/, namespace: 'file' }, ({ path: file }) => {
        if (!files.has(file)) return undefined;
        const names = readFileSync(file, 'utf8').matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm);
        const refused = [...names].map(([, name]) => `refused as ${name}`);
        return {
          contents: `const refused = () => { throw new Error('not in workers'); };\nexport { ${refused.join(', ')} };`,
        };
      }),
  };
}

/** The names of functions, which the program of the caller's thread has: it puts them where this stands. */
export const namesMark = '"names by family"';

/** The plugin that puts the mark there. */
export const namesFromProgram = {
  name: 'names-from-program',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]functions[\\/]names-by-family\.ts$/, namespace: 'file' }, () => ({
      contents: `export const namesByFamily = ${namesMark};`,
    })),
};
