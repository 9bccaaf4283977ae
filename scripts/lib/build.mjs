// src → dist with tsc, then the worker bundled to a string. Incremental: nothing changed costs one tsc start.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bin, path, root, runNode, withLock } from './house.mjs';

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
 * Build `dist`. Gives the compiler's complaints as text, '' when there are none;
 * JavaScript is written in either case, so tests can run while another file is half written.
 */
export function build({ capture = false } = {}) {
  return withLock('dist', async () => {
    const complaints = await compile('tsconfig.build.json', 'dist/.tsbuildinfo', capture);
    removeOrphans();
    const unbundled = await bundleWorker().then(
      () => '',
      (error) => `the worker could not be bundled: ${error.message}\n`,
    );
    if (!capture && unbundled) console.error(unbundled);
    const command = path('dist/cli/sparrow.js');
    if (existsSync(command)) chmodSync(command, 0o755);
    return complaints + unbundled;
  });
}

/** Compile examples and benchmarks against the built package, into `build`. */
export function buildPrograms({ capture = false } = {}) {
  return withLock('programs', () => compile('tsconfig.programs.json', 'build/.tsbuildinfo', capture));
}

/** What was compiled from files that are gone would still be packed. */
function removeOrphans() {
  if (!existsSync(path('dist'))) return;
  for (const file of readdirSync(path('dist'), { recursive: true })) {
    const source = path('src', file.replace(/\.(js|d\.ts)(\.map)?$/, '.ts'));
    if (source.endsWith('.ts') && !existsSync(source)) rmSync(path('dist', file));
  }
}

const bundleFile = path('dist/exec/worker-source.js');
const inputsFile = path('dist/.worker-inputs.json');

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

function isFresh() {
  if (!existsSync(inputsFile) || !existsSync(bundleFile)) return false;
  const { inputs, hash } = JSON.parse(readFileSync(inputsFile, 'utf8'));
  if (!inputs.every((file) => existsSync(path(file)))) return false;
  return digest(inputs) === hash && readFileSync(bundleFile, 'utf8').startsWith(`// bundle ${hash}`);
}

/** Put the worker thread's whole program into one string, so that a user's own bundle needs no file beside it. */
async function bundleWorker() {
  const entry = path('dist/exec/worker.js');
  if (!existsSync(entry) || isFresh()) return;
  const { build: esbuild } = await import('esbuild');
  const result = await esbuild({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
  });
  const inputs = Object.keys(result.metafile.inputs).filter((file) => existsSync(path(file)));
  const hash = digest(inputs);
  const text = result.outputFiles[0].text;
  writeFileSync(bundleFile, `// bundle ${hash}\nexport const workerSource = ${JSON.stringify(text)};\n`);
  rmSync(`${bundleFile}.map`, { force: true });
  writeFileSync(inputsFile, JSON.stringify({ inputs, hash }));
}
