// The package as a user gets it: packed, weighed, and read by the tools that know what goes wrong.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { bin, npm, path } from './house.mjs';
import { command, step } from './steps.mjs';

const limitBytes = 1_000_000;

/** `npm pack` into build/pack; gives the file. */
export function pack() {
  const folder = path('build/pack');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const done = npm(['pack', '--ignore-scripts', '--pack-destination', folder, '--loglevel=error'], { stdio: 'pipe' });
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (done.status !== 0 || file === undefined) throw new Error(`npm pack failed\n${done.stderr}`);
  return `${folder}/${file}`;
}

export async function checkPackage() {
  let file = '';
  const packed = await step('pack below 1 MB', async () => {
    file = pack();
    const { size } = statSync(file);
    return size < limitBytes ? '' : `${file} has ${size} bytes, the limit is ${limitBytes}`;
  });
  if (packed.failed > 0) return [packed];
  const published = await step('publint', async () => {
    const { publint } = await import('publint');
    const { formatMessage } = await import('publint/utils');
    const bytes = readFileSync(file);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    return messages.map((message) => formatMessage(message, pkg, { color: false })).join('\n');
  });
  const typed = await command('types of the package (attw)', [
    bin('@arethetypeswrong/cli', 'attw'),
    '--profile',
    'esm-only',
    '--no-color',
    file,
  ]);
  return [packed, published, typed];
}
