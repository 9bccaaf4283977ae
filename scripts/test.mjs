// npm test: everything that must hold, on a bare clone too.
import { build, buildPrograms } from './lib/build.mjs';
import { bin, ensureInstalled, path } from './lib/house.mjs';
import { command, step, summarize, vitest } from './lib/steps.mjs';

ensureInstalled();
const { checkPackage } = await import('./lib/package-checks.mjs');

summarize([
  await step('build', () => build({ capture: true })),
  await step('build programs', () => buildPrograms({ capture: true })),
  await command('lint', [bin('@biomejs/biome', 'biome'), 'check', '.']),
  await command('typecheck', [bin('typescript', 'tsc'), '-p', path('tsconfig.json'), '--pretty', 'false']),
  await command('layers', [path('scripts/layers.mjs')]),
  await vitest('tests', process.argv.slice(2)),
  ...(await checkPackage()),
]);
