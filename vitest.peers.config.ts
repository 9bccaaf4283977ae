import { defineConfig } from 'vitest/config';
import shared from './vitest.config.js';

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/peers/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    typecheck: { enabled: false },
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
  },
});
