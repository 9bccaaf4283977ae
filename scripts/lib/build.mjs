// src → dist: the library, the command and the worker bundled with esbuild, beside the declarations they need.
// tsc checks at the same time and writes every module on its own to build/lib, for scripts that look inside.
// Incremental: nothing changed costs one tsc start.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { fewChunks } from './chunks.mjs';
import { declarations } from './declarations.mjs';
import { bin, path, root, runNode, withLock } from './house.mjs';
import { minified } from './minify.mjs';
import { opcodeTables } from './opcode-tables.mjs';
import { shortNames } from './short-names.mjs';
import { withoutTyping } from './worker-functions.mjs';
import { namesFromProgram, namesMark, withoutCallersModules } from './worker-parts.mjs';

/** What has a file of its own in dist; all else goes to dist/chunks, loaded as it is needed. */
const entries = {
  index: 'src/index.ts',
  'cli/sparrow': 'src/cli/sparrow.ts',
  'exec/sparrow-worker': 'src/exec/worker.ts',
  'exec/driver/worker-start': 'src/exec/driver/worker-start.ts',
  'exec/worker-source': 'src/exec/worker-source.ts',
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node20.19',
  tsconfig: path('tsconfig.build.json'),
  minify: true,
  // Only texts as long as the worker's program are broken here (minify.mjs does the rest): each break costs two bytes.
  lineLimit: 4000,
  logLevel: 'silent',
};

const notesFile = path('dist/.bundle.json');
const unpackedFile = path('dist/chunks/.npmignore');

/** How long a chunk that no build needs any more stays for the programs that began with it. */
const graceMs = 120_000;

/**
 * Run the compiler on a project; gives its complaints, '' when there are none. It keeps notes of the last run, and those
 * can be out of date (a new file of global types): complaints are believed only after a run without notes.
 */
async function compile(project, notes, capture) {
  const args = [bin('typescript', 'tsc'), '-p', path(project), ...(capture ? ['--pretty', 'false'] : [])];
  const hadNotes = existsSync(path(notes));
  const quick = await runNode(args, { capture: capture || hadNotes });
  if (quick.status === 0) return '';
  if (!hadNotes) return quick.output || 'tsc failed';
  rmSync(path(notes), { force: true });
  const whole = await runNode(args, { capture });
  return whole.status === 0 ? '' : whole.output || 'tsc failed';
}

/**
 * Build `dist`. Gives the compiler's complaints as text, '' when there are none; JavaScript is written in either case,
 * so tests can run while another file is half written. `tidy` removes at once what no build needs any more.
 */
export function build({ capture = false, tidy = false } = {}) {
  return withLock('dist', async () => {
    const [complaints, unbundled] = await Promise.all([
      compile('tsconfig.build.json', 'build/lib/.tsbuildinfo', capture),
      bundle().then(
        () => '',
        (error) => `src could not be bundled: ${error.message}\n`,
      ),
    ]);
    removeOrphans();
    put(path('dist/index.d.ts'), await declarations());
    removeStale(['index.d.ts'], tidy);
    if (!capture && unbundled) console.error(unbundled);
    return complaints + unbundled;
  });
}

/** Compile examples and benchmarks against the built package, into `build`. */
export function buildPrograms({ capture = false } = {}) {
  return withLock('programs', () => compile('tsconfig.programs.json', 'build/.tsbuildinfo', capture));
}

const filesOf = (folder) =>
  existsSync(path(folder))
    ? readdirSync(path(folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(path(folder), join(entry.parentPath, entry.name)))
    : [];

/** Write a file whole or not at all, so that a program that starts now reads the old one or the new one. */
function put(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const digest = (files) => {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path(file)))
      .update('\0');
  return hash.digest('hex');
};

/** What the last build was made of and what it made. */
function notes() {
  return existsSync(notesFile) ? JSON.parse(readFileSync(notesFile, 'utf8')) : undefined;
}

function isFresh() {
  const last = notes();
  if (last === undefined) return false;
  const isThere = (file) => existsSync(path(file));
  return last.inputs.every(isThere) && last.outputs.every(isThere) && digest(last.inputs) === last.hash;
}

/** The worker thread's whole program in one string, so that a user's own bundle needs no file beside it. */
async function workerProgram(esbuild) {
  const options = { ...shared, entryPoints: ['src/exec/worker.ts'], format: 'cjs' };
  const plugins = [dearPartsLater, namedClasses, namesFromProgram, withoutTyping, opcodeTables];
  const { metafile: whole } = await esbuild({ ...options, plugins });
  const { outputFiles, metafile } = await esbuild({
    ...options,
    plugins: [withoutCallersModules(whole.inputs), ...plugins],
  });
  const { code } = await minified(outputFiles[0].text);
  return { text: code, inputs: Object.keys(metafile.inputs) };
}

/** Programs in base64 compress badly: their bytes go behind the text, in the order of the marks that stand for them. */
function partsOf(text) {
  const programs = [];
  const rest = text.replace(/(?:[A-Za-z0-9+/=]|\\\n){10000,}/g, (program) => {
    programs.push(Buffer.from(program.replaceAll('\\\n', ''), 'base64'));
    return '\0';
  });
  return [Buffer.from(rest), ...programs];
}

/** What makes the worker's program smallest, found by trying. */
const params = { [constants.BROTLI_PARAM_NPOSTFIX]: 1, [constants.BROTLI_PARAM_LGBLOCK]: 24 };

/** Stands in for src/exec/worker-source.ts: compressed, for it is large and only read in bundles. */
const workerSource = (text) => ({
  name: 'worker-source',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]exec[\\/]worker-source\.ts$/, namespace: 'file' }, () => ({
      contents: `import { brotliDecompressSync } from 'node:zlib';
        import { namesByFamily } from '../functions/names-by-family.js';
        const packed = '${brotliCompressSync(Buffer.concat(partsOf(text)), { params }).toString('base64')}';
        const all = brotliDecompressSync(Buffer.from(packed, 'base64'));
        let at = 0;
        const [text, ...programs] = ${JSON.stringify(partsOf(text).map(({ length }) => length))}
          .map((length) => all.subarray(at, (at += length)));
        export const workerSource = String(text)
          .replace(/\\0/g, () => programs.shift().toString('base64'))
          .replace('${namesMark}', () => JSON.stringify(namesByFamily));`,
      loader: 'js',
    })),
});

/**
 * Parts of node that are dear to import (node:crypto loads much; importing node:fs or node:util reads every export, and
 * so loads streams and more) and what is used of them, in a form that costs nothing until it is called.
 */
const dearParts = {
  'node:crypto': [
    'createHash',
    'createHmac',
    'randomInt',
    'randomBytes',
    'randomUUID',
    'createCipheriv',
    'createDecipheriv',
  ],
  'node:fs': [
    'closeSync',
    'copyFileSync',
    'createReadStream',
    'existsSync',
    'fstatSync',
    'fsyncSync',
    'ftruncateSync',
    'linkSync',
    'mkdirSync',
    'mkdtempSync',
    'openSync',
    'readFileSync',
    'readSync',
    'readdirSync',
    'renameSync',
    'rmSync',
    'lstatSync',
    'statSync',
    'writeSync',
  ],
  'node:os': ['availableParallelism', 'homedir', 'hostname', 'tmpdir', 'totalmem'],
  'node:timers/promises': ['setImmediate', 'setTimeout'],
  'node:util': [],
  'node:process': [],
};

/** What is no function. */
const dearValues = {
  'node:fs': `export const constants = { get COPYFILE_EXCL() { return builtin().constants.COPYFILE_EXCL; } };`,
  'node:util': `export const inspect = Object.assign((...args) => builtin().inspect(...args), {
    custom: Symbol.for('nodejs.util.inspect.custom'),
  });`,
  'node:process': 'export const { pid } = process;',
};

const dearText = (name) => `const builtin = () => process.getBuiltinModule('${name}');
${dearParts[name].map((part) => `export const ${part} = (...args) => builtin().${part}(...args);`).join('\n')}
${dearValues[name] ?? ''}`;

const dearPartsLater = {
  name: 'dear-parts-later',
  setup: ({ onResolve, onLoad }) => {
    // The command uses more of them, and is loaded by itself.
    onResolve({ filter: new RegExp(`^(${Object.keys(dearParts).join('|')})$`) }, ({ path: name, importer }) =>
      /[\\/]src[\\/]cli[\\/]/.test(importer) ? undefined : { path: name, namespace: 'dear' },
    );
    onLoad({ filter: /.*/, namespace: 'dear' }, ({ path: name }) => ({ contents: dearText(name) }));
  },
};

const namesFile = 'src/functions/names-by-family.ts';

/** `add +, sub -, …`, in lines of at most a hundred characters. */
function nameLines(functions) {
  const lines = [''];
  for (const [key, { sql }] of Object.entries(functions)) {
    const names = [key, ...sql].join(' ');
    const longer = lines.at(-1) === '' ? names : `${lines.at(-1)}, ${names}`;
    if (longer.length <= 100) lines[lines.length - 1] = longer;
    else lines.push(names);
  }
  return lines.map((line) => `    '${line}',\n`).join('');
}

/** Writes down what each family's functions are called, so that a name is known without loading the function. */
async function writeFunctionNames(esbuild) {
  const bundled = path('build/families.mjs');
  const entryPoints = ['src/functions/families/all.ts'];
  const options = { ...shared, entryPoints, format: 'esm', plugins: [dearPartsLater] };
  const { outputFiles } = await esbuild(options);
  put(bundled, outputFiles[0].text);
  const { families } = await import(`${pathToFileURL(bundled).href}?${Date.now()}`);
  const parts = Object.entries(families).map(([family, all]) => `  ${family}: [\n${nameLines(all)}  ],\n`);
  put(
    path(namesFile),
    `// Written by \`npm run build\` from src/functions/families. Do not edit.

/** What the functions of each family are called, separated by commas: the API name, then the SQL names. */
export const namesByFamily = {
${parts.join('')}} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FamilyName = keyof typeof namesByFamily;
`,
  );
}

/** Classes that users meet keep their names, which are what errors and `console.log` say. */
const namedClasses = {
  name: 'named-classes',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/](api[\\/].*|base[\\/]errors)\.ts$/, namespace: 'file' }, ({ path: file }) => {
      const text = readFileSync(file, 'utf8');
      const classes = [...text.matchAll(/^export (?:abstract )?class (\w+)/gm)].map(([, name]) => name);
      const named = classes.map((name) => `Object.defineProperty(${name}, 'name', { value: '${name}' });`);
      return { contents: [text, ...named].join('\n'), loader: 'ts' };
    }),
};

async function bundle() {
  if (isFresh()) return;
  const started = Date.now();
  const { build: esbuild } = await import('esbuild');
  await writeFunctionNames(esbuild);
  const worker = await workerProgram(esbuild);
  const options = {
    ...shared,
    outdir: 'dist',
    format: 'esm',
    chunkNames: 'chunks/[name]-[hash]',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
  };
  const plugins = [workerSource(worker.text), dearPartsLater, namedClasses, opcodeTables];
  const graph = await esbuild({ ...options, entryPoints: entries, splitting: true, plugins });
  const { outputFiles, metafile } = await esbuild({
    ...options,
    entryPoints: entries,
    splitting: true,
    plugins: [...plugins, fewChunks(graph.metafile.inputs)],
    // A module that is imported for nothing but its place stays.
    ignoreAnnotations: true,
  });
  // Not packed: a test of shared memory loads it in threads of its own.
  const base = await esbuild({ ...options, entryPoints: { 'base/index': 'src/base/index.ts' }, plugins });
  outputFiles.push(...base.outputFiles);
  const { short, shortened } = shortNames(outputFiles.map((file) => file.path));
  // Chunks first: a file that is there finds what it imports.
  outputFiles.sort((a, b) => Number(b.path.includes('chunks')) - Number(a.path.includes('chunks')));
  const texts = await minifiedAll(outputFiles, withWorkerSource(metafile), shortened);
  for (const [file, text] of texts) put(short(file), short(text));
  const outputs = [...texts.keys()].map((file) => relative(root, short(file)).replaceAll('\\', '/'));
  chmodSync(path('dist/cli/sparrow.js'), 0o755);
  const made = [
    ...Object.keys(metafile.inputs),
    ...worker.inputs,
    'tsconfig.build.json',
    'scripts/lib/build.mjs',
    'scripts/lib/chunks.mjs',
    'scripts/lib/minify.mjs',
    'scripts/lib/same-shapes.mjs',
    'scripts/lib/short-names.mjs',
    'scripts/lib/source-map.mjs',
    'scripts/lib/opcode-tables.mjs',
    'scripts/lib/worker-functions.mjs',
    'scripts/lib/worker-parts.mjs',
  ];
  const inputs = [...new Set(made)].filter((file) => existsSync(path(file))).sort();
  // What was saved while we read it is read again next time.
  const isSettled = inputs.every((file) => statSync(path(file)).mtimeMs < started);
  put(notesFile, JSON.stringify({ hash: isSettled ? digest(inputs) : '', outputs, inputs, stale: notes()?.stale }));
}

const withWorkerSource = ({ outputs }) =>
  new Set(
    Object.keys(outputs)
      .filter((file) => 'src/exec/worker-source.ts' in outputs[file].inputs)
      .map((file) => path(file)),
  );

/** The files of a bundle and their maps, minified; what is packed already stays. */
async function minifiedAll(files, packed, shortened) {
  const texts = new Map(files.map((file) => [file.path, file.text]));
  const programs = [...texts].filter(([file]) => file.endsWith('.js') && !packed.has(file));
  const done = programs.map(async ([file, text], i) => {
    const { code, map } = await minified(text, { module: true, map: texts.get(`${file}.map`), shortened });
    // Maps are not packed, but their names are, in the files they belong to: in chunks they are short.
    const name = file.includes('chunks') ? `${i.toString(36)}.map` : `${basename(file)}.map`;
    texts.set(file, `${code}//# sourceMappingURL=${name}\n`);
    texts.delete(`${file}.map`);
    texts.set(join(dirname(file), name), map);
  });
  await Promise.all(done);
  return texts;
}

/** What was compiled from files that are gone must not be found. */
function removeOrphans() {
  for (const file of filesOf('build/lib')) {
    const source = path('src', file.replace(/\.(js|d\.ts)(\.map)?$/, '.ts'));
    if (source.endsWith('.ts') && !existsSync(source)) rmSync(path('build/lib', file));
  }
}

/** Removes from dist what neither the last build nor, for a while, a program that runs now needs. */
function removeStale(declared, now) {
  const last = notes();
  if (last === undefined) return;
  const wanted = new Set([...last.outputs, ...declared.map((file) => `dist/${file}`)]);
  const stale = {};
  for (const name of filesOf('dist')) {
    const file = `dist/${name.replaceAll('\\', '/')}`;
    if (wanted.has(file) || [notesFile, unpackedFile].includes(path(file))) continue;
    const since = last.stale?.[file] ?? Date.now();
    if (now || !file.startsWith('dist/chunks/') || Date.now() - since > graceMs) rmSync(path(file), { force: true });
    else stale[file] = since;
  }
  for (const folder of readdirSync(path('dist'), { recursive: true, withFileTypes: true }).reverse()) {
    if (!folder.isDirectory()) continue;
    const own = join(folder.parentPath, folder.name);
    if (readdirSync(own).length === 0) rmdirSync(own);
  }
  // What only running programs need is not packed.
  const names = Object.keys(stale).map((file) => file.slice('dist/chunks/'.length));
  put(unpackedFile, `${names.join('\n')}\n`);
  put(notesFile, JSON.stringify({ ...last, stale }));
}
