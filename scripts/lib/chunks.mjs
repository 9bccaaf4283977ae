/*
 * Which modules share a file. esbuild makes one file for every set of entries (dynamic imports among them) that reach a
 * module, which would be a hundred small ones, each of which costs a program that starts half a millisecond. Here
 * what is loaded late is made to import what is loaded anyway when its turn comes: then the modules at start fall into few
 * sets, and so into few files.
 */
import { dirname } from 'node:path';
import { path } from './house.mjs';

const library = 'src/index.ts';
const engine = 'src/exec/engine.ts';
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
  const [ofLibrary, ofEngine, ofCompiled, ofWorker] = [library, engine, compiled, worker].map((entry) =>
    closure(inputs, entry),
  );
  const inWorkers = closure(inputs, worker, ['import-statement', 'dynamic-import']);
  const hubs = {
    // What the caller's thread and a worker have both loaded before anything else.
    shared: [...ofEngine].filter((file) => ofWorker.has(file)),
    // What both have loaded when a task runs.
    tasks: [...ofCompiled].filter((file) => ofWorker.has(file)),
    // What the caller's thread has loaded when a session is there, and when code was compiled.
    session: [...new Set([...ofLibrary, ...ofEngine])],
    compiled: [...new Set([...ofLibrary, ...ofEngine, ...ofCompiled])],
  };
  /** Whether a module is asked for by nothing but what compiles and runs tasks. */
  const isOfTasks = (file) =>
    Object.entries(inputs).every(
      ([from, { imports }]) =>
        !imports.some(({ path: to, kind }) => to === file && kind === 'dynamic-import') ||
        (ofCompiled.has(from) && !ofEngine.has(from)),
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
      onResolve({ filter: /^\./ }, async ({ path: to, kind, importer, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === 'as it is') return undefined;
        const { path: file, external } = await resolve(to, { kind, importer, resolveDir, pluginData: 'as it is' });
        const isEngine = file === path(engine);
        return external || isEngine || file === '' ? undefined : { path: file, namespace: 'late' };
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
