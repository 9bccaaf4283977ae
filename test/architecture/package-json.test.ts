import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jsonOf, textOf } from '../support/files.js';

interface Manifest {
  readonly name: string;
  readonly type: string;
  readonly sideEffects: boolean;
  readonly exports: Record<string, unknown>;
  readonly engines: { readonly node: string };
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = jsonOf<Manifest>('package.json');
const lock = Object.entries(jsonOf<{ packages: Record<string, Locked> }>('package-lock.json').packages).slice(1);
const forUsers = lock.filter(([, entry]) => !entry.dev && !entry.devOptional);

describe('package.json', () => {
  test('is an ES module without side effects, with one entry', () => {
    expect(manifest).toMatchObject({ name: 'sparrow-df', type: 'module', sideEffects: false });
    expect(Object.keys(manifest.exports)).toEqual(['.', './package.json']);
  });

  test('runs nothing when it is installed', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  });

  test.each(['start', 'test', 'test-peers', 'build'])('can be begun on a bare clone: npm run %s', (name) => {
    // A set that grows while it is gone through.
    const reached = new Set([`scripts/${name}.mjs`]);
    const installed: string[] = [];
    for (const file of reached) {
      for (const [, from = ''] of textOf(file).matchAll(/^(?:import|export) [\w\s{},*]*from '([^']+)'/gm)) {
        if (from.startsWith('.')) reached.add(posix.join(posix.dirname(file), from));
        else if (!from.startsWith('node:')) installed.push(`${file}: ${from}`);
      }
    }
    expect(reached.size).toBeGreaterThan(3);
    expect(installed).toEqual([]);
  });

  test('has at most ten production dependencies, every version exact', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(10);
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  test('has what users get without install scripts and without native code', () => {
    expect(forUsers.length).toBeGreaterThan(0);
    expect(forUsers.filter(([, { hasInstallScript, os, cpu }]) => hasInstallScript || os || cpu)).toEqual([]);
  });

  test('names no registry but the public one', () => {
    const elsewhere = lock.filter(
      ([, { resolved }]) => resolved && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });

  test('knows the binaries of every platform, or npm ci refuses it (add packages with npm run lock -- <package>)', () => {
    const known = new Set(lock.map(([path]) => path.replace(/^.*node_modules\//, '')));
    const optional = lock.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
    expect(optional.filter((name) => !known.has(name))).toEqual([]);
    expect(lock.filter(([, { version }]) => !version).map(([path]) => path)).toEqual([]);
  });
});
