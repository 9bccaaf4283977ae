import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { UnavailableError } from './contract.js';
import { peersFolder } from './paths.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = (): Manifest => JSON.parse(readFileSync(join(peersFolder, 'package.json'), 'utf8')) as Manifest;

/** The package with the machine code of a napi peer: named for the platform, in Rust's and Node's way. */
function binaryPackage(name: string): string {
  const glibc =
    process.platform === 'linux' && 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header;
  const flavour = { linux: glibc ? '-gnu' : '-musl', win32: '-msvc' }[process.platform as string] ?? '';
  return `${name}-${process.platform}-${process.arch}${flavour}`;
}

/**
 * A peer out of bench/peers, installed there on first use. Its binary package is asked for by name,
 * because npm leaves it out on a Node older than the one it declares, although it runs there.
 */
export function requirePeer(name: string): unknown {
  const version = manifest().dependencies[name];
  const binary = binaryPackage(name);
  const present = [name, binary].every((folder) => existsSync(join(peersFolder, 'node_modules', folder)));
  if (!present) {
    console.error(`installing ${name} ${version} into bench/peers …`);
    const wanted = [`${name}@${version}`, `${binary}@${version}`];
    const flags = ['--prefix', peersFolder, '--no-save', '--no-package-lock', '--force', '--no-audit', '--no-fund'];
    const done = spawnSync('npm', ['install', ...flags, '--loglevel=error', ...wanted], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    if (done.status !== 0) {
      throw new UnavailableError(
        `${name} could not be installed (${wanted.join(' ')}); leave it out with --peers duckdb`,
      );
    }
  }
  return createRequire(join(peersFolder, 'package.json'))(name);
}
