// npm run fuzz -- [--seed n] [--cases n] [--oracle interpreter|self] [--path p]: random plans, results compared.
// npm run fuzz -- --oracle duckdb [--cases queries] [--expressions n]: random SQL beside DuckDB; --oracle tlp|norec: by
// itself. --case n is one of them, --keep-going goes on after a difference.
// npm run fuzz -- --oracle simulator [--seed n] [--cases n]: the engine in one thread, files, clock, chance and messages
// simulated, with faults; a seed that fails fails again.
// With --mode m the SQL of DuckDB's, TLP's and NoREC's fuzz runs in that mode of the engine.
// npm run fuzz -- --mutate <folder> [--seed n] [--cases n]: files with bytes changed are read or refused.
import { build as buildDist } from './lib/build.mjs';
import { ensureInstalled, path, root, runNode } from './lib/house.mjs';

ensureInstalled();
const { build } = await import('esbuild');
const common = {
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  logLevel: 'warning',
};
const mutates = process.argv.includes('--mutate');
const oracle = process.argv[process.argv.indexOf('--oracle') + 1];
const asksSql = ['duckdb', 'tlp', 'norec'].includes(oracle);
if (asksSql) {
  if (process.env.SPARROW_BUILT !== '1') await buildDist({ capture: true });
  await build({
    ...common,
    entryPoints: [path('test', 'support', 'sql-fuzz', 'main.ts')],
    outfile: path('build', 'sql-fuzz.mjs'),
    tsconfigRaw: '{}',
    sourcemap: 'inline',
  });
} else if (mutates) {
  const complaints = await buildDist({ capture: true });
  if (complaints) console.error(`The compiler complains:\n${complaints}`);
  await build({
    ...common,
    entryPoints: ['main', 'child'].map((name) => path('test', 'support', 'mutate', `${name}.ts`)),
    outdir: path('build', 'mutate'),
    outExtension: { '.js': '.mjs' },
    // Without the compiler's paths: the built package is what is tried, with its worker threads.
    tsconfigRaw: '{}',
  });
} else {
  await build({
    ...common,
    entryPoints: [path('test', 'support', 'fuzz-main.ts')],
    outfile: path('build', 'fuzz.mjs'),
    // What a support file is imported for may be what it does: the package says that of none.
    ignoreAnnotations: true,
    sourcemap: 'inline',
  });
}
const program = asksSql
  ? path('build', 'sql-fuzz.mjs')
  : mutates
    ? path('build', 'mutate', 'main.mjs')
    : path('build', 'fuzz.mjs');
const args = process.argv.slice(2);
const at = args.indexOf('--mode');
const [, mode] = at < 0 ? [] : args.splice(at, 2);
const env = mode === undefined ? process.env : { ...process.env, SPARROW_MODE: mode };
const { status } = await runNode(['--enable-source-maps', program, ...args], { env });
process.exitCode = status;
