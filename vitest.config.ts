import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The engine mode (SPARROW_MODE) and the corpora (SPARROW_CORPORA) reach the tests through the environment. A mode is
// always asked for: without one, the first small query of a process is interpreted.
export default defineConfig({
  resolve: { alias: { 'sparrow-df': fileURLToPath(new URL('./dist/index.js', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**', '**/node_modules/**'],
    env: { SPARROW_MODE: process.env.SPARROW_MODE ?? 'compiled' },
    globalSetup: ['test/support/build-dist.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'tsconfig.json',
      ignoreSourceErrors: true,
    },
    coverage: { provider: 'v8', include: ['src/**'] },
    server: { deps: { external: [/\/dist\//] } },
  },
});
