// npm run conformance -- <folder> [--mode M] [--json out.json] [--only pattern]: statements with expected answers, each
// file in a process that may hang or crash without harm to the rest.
import { build as bundle } from 'esbuild';
import { build } from './lib/build.mjs';
import { ensureInstalled, path, root, runNode } from './lib/house.mjs';

ensureInstalled();
if (process.env.SPARROW_BUILT !== '1' && (await build({ capture: true }))) {
  console.error('src does not compile: npm run build tells where');
}
await bundle({
  entryPoints: {
    'conformance-main': path('test/conformance/main.ts'),
    'conformance-worker': path('test/conformance/worker.ts'),
  },
  absWorkingDir: root,
  outdir: path('build', 'conformance'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  external: ['sparrow-df'],
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const worker = path('build/conformance/conformance-worker.mjs');
const { status } = await runNode([
  '--enable-source-maps',
  path('build/conformance/conformance-main.mjs'),
  ...process.argv.slice(2),
  '--worker',
  worker,
]);
process.exitCode = status;
