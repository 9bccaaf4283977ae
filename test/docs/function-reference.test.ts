import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/files.js';

test('the function reference says what the registry says', () => {
  const check = () =>
    execFileSync(process.execPath, [join(root, 'scripts/function-reference.mjs'), '--check'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  expect(check).not.toThrow();
});
