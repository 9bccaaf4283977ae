import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesUnder, root, textOf } from '../support/files.js';

// A fenced block whose info is `text <path>` is an excerpt: it must stand in that file, letter by letter.
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...filesUnder('docs', (f) => f.endsWith('.md'))];
const excerpts = documents
  .filter((file) => existsSync(join(root, file)))
  .flatMap((file) =>
    [...textOf(file).matchAll(/^```text (\S+)\n(.*?)^```$/gms)].map(([, source = '', code = '']) => ({
      file,
      source,
      code,
    })),
  );

test('there are excerpts', () => {
  expect(excerpts.length).toBeGreaterThan(0);
});

test.each(excerpts)('$file: the excerpt of $source is in it', ({ source, code }) => {
  expect(textOf(source)).toContain(code);
});
