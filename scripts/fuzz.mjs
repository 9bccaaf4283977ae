// npm run fuzz -- [--seed n] [--cases n] [--path p]: random plans run compiled and interpreted, results compared.
import { ensureInstalled, path, root, runNode } from './lib/house.mjs';

ensureInstalled();
const { build } = await import('esbuild');
const program = path('build', 'fuzz.mjs');
await build({
  entryPoints: [path('test', 'support', 'fuzz-main.ts')],
  absWorkingDir: root,
  outfile: program,
  bundle: true,
  // What a support file is imported for may be what it does: the package says that of none.
  ignoreAnnotations: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const { status } = await runNode(['--enable-source-maps', program, ...process.argv.slice(2)]);
process.exitCode = status;
