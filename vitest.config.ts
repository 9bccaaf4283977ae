import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The engine mode (SPARROW_MODE) and the corpora (SPARROW_CORPORA) reach the tests through the environment. A mode is
// always asked for: without one, the first small query of a process is interpreted.
/** Folders whose tests leave nothing behind in their process: a file costs a second less when it need not start one. */
const together = ['base', 'functions', 'plan', 'sql', 'wasm'].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  resolve: { alias: { 'sparrow-df': fileURLToPath(new URL('./dist/index.js', import.meta.url)) } },
  test: {
    projects: [
      { extends: true, test: { name: 'together', include: together, isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['test/**/*.test.ts'],
          exclude: ['test/peers/**', '**/node_modules/**', ...together],
          typecheck: {
            enabled: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: 'tsconfig.json',
            ignoreSourceErrors: true,
          },
        },
      },
    ],
    env: { SPARROW_MODE: process.env.SPARROW_MODE ?? 'compiled' },
    globalSetup: ['test/support/build-dist.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**'] },
    server: { deps: { external: [/\/dist\//] } },
  },
});
