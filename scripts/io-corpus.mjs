// npm run io-corpus -- <folder> [--json out.json] [--oracle duckdb|pyarrow] [--only text] [--jobs n] [--timeout s]
//   [--reuse n: files that a process reads] [--against out.json: the oracle's answers of an earlier run]
import { build as buildDist } from './lib/build.mjs';
import { ensureInstalled, path, root, runNode } from './lib/house.mjs';

ensureInstalled();
const complaints = await buildDist({ capture: true });
if (complaints) console.error(`The compiler complains:\n${complaints}`);
const { build } = await import('esbuild');
await build({
  entryPoints: ['main', 'child'].map((name) => path('test', 'support', 'io-corpus', `${name}.ts`)),
  absWorkingDir: root,
  outdir: path('build', 'io-corpus'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  // Without the compiler's paths: the built package is what is tried, with its worker threads.
  tsconfigRaw: '{}',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  logLevel: 'warning',
});
const { status } = await runNode([path('build', 'io-corpus', 'main.mjs'), ...process.argv.slice(2)]);
process.exitCode = status;
