import { defineConfig } from 'vitest/config';
import shared from './vitest.config.js';

/** Every recorded answer asked of the whole engine takes hours and is for `npm run modes`. */
const withoutGoldens = process.env.SPARROW_GOLDENS === undefined;

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    projects: undefined,
    include: ['test/peers/**/*.test.ts'],
    // They install into one folder what they need, and measure nothing: one after the other.
    fileParallelism: false,
    exclude: ['**/node_modules/**', ...(withoutGoldens ? ['**/row-goldens.test.ts'] : [])],
    typecheck: { enabled: false },
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
  },
});
