/*
 * Which modules share a file. esbuild makes one file for every set of entries (dynamic imports among them) that reach a
 * module, which would be a hundred small ones, each of which costs a program that starts half a millisecond. Here
 * what is loaded late is made to import what is loaded anyway when its turn comes, and a worker what the library and some
 * part of a worker share: then the modules at start fall into few sets, and so into few files.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { path } from './house.mjs';

const library = 'src/index.ts';
const compiled = 'src/exec/driver/compiled.ts';
const worker = 'src/exec/worker.ts';

/** Modules that a module imports before it runs, itself included. */
function closure(inputs, from, kinds = ['import-statement']) {
  const found = new Set([from]);
  for (const file of found) {
    for (const { path: to, kind, external } of inputs[file]?.imports ?? [])
      if (!external && kinds.includes(kind) && inputs[to] !== undefined) found.add(to);
  }
  return found;
}

/** The plugin that puts those imports in; `inputs` is what esbuild tells of the modules and their imports. */
export function fewChunks(inputs) {
  const [atStart, ofCompiled, ofWorker] = [library, compiled, worker].map((entry) => closure(inputs, entry));
  const inWorkers = closure(inputs, worker, ['import-statement', 'dynamic-import']);
  const shared = [...atStart].filter((file) => inWorkers.has(file));
  const hubs = {
    // What the caller's thread has loaded at its start, and a worker too before anything else.
    shared,
    // What both have loaded when a task runs.
    tasks: [...new Set([...shared, ...[...ofCompiled].filter((file) => ofWorker.has(file))])],
    // What the caller's thread has loaded at its start, and when code was compiled.
    session: [...atStart],
    compiled: [...new Set([...atStart, ...ofCompiled])],
  };
  /** Whether a module is asked for by nothing but what compiles and runs tasks. */
  const isOfTasks = (file) =>
    Object.entries(inputs).every(
      ([from, { imports }]) =>
        !imports.some(({ path: to, kind }) => to === file && kind === 'dynamic-import') ||
        (ofCompiled.has(from) && !atStart.has(from)),
    );
  const hubOf = (file) =>
    inWorkers.has(file) ? (isOfTasks(file) ? 'tasks' : 'shared') : isOfTasks(file) ? 'compiled' : 'session';
  const importOf = (file) => {
    if (file.startsWith('dear:')) return file.slice('dear:'.length);
    return file.startsWith('src/') ? path(file) : undefined;
  };
  return {
    name: 'few-chunks',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^hub:/ }, ({ path: name }) => ({ path: name, namespace: 'hub' }));
      onLoad({ filter: /.*/, namespace: 'hub' }, ({ path: name }) => ({
        contents: hubs[name.slice('hub:'.length)]
          .map(importOf)
          .filter((to) => to !== undefined)
          .map((to) => `import ${JSON.stringify(to)};`)
          .join('\n'),
        resolveDir: path('.'),
      }));
      onLoad({ filter: /[\\/]src[\\/]exec[\\/]worker\.ts$/, namespace: 'file' }, ({ path: file }) => ({
        contents: `${readFileSync(file, 'utf8')}\nimport 'hub:shared';`,
        loader: 'ts',
        resolveDir: dirname(file),
      }));
      onResolve({ filter: /^\./ }, async ({ path: to, kind, importer, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === 'as it is') return undefined;
        const { path: file, external } = await resolve(to, { kind, importer, resolveDir, pluginData: 'as it is' });
        return external || file === '' ? undefined : { path: file, namespace: 'late' };
      });
      onLoad({ filter: /.*/, namespace: 'late' }, ({ path: file }) => ({
        contents: `import 'hub:${hubOf(nameOf(file))}';
          export * from ${JSON.stringify(file)};`,
        resolveDir: dirname(file),
      }));
    },
  };
}

const nameOf = (file) => file.slice(path('.').length).replaceAll('\\', '/').replace(/^\//, '');
