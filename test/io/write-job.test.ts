import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileSystem, Platform, WrittenFile } from '../../src/base/index.js';
import { nodeFiles } from '../../src/io/node-files.js';
import { expandPaths } from '../../src/io/paths.js';
import {
  partitionDirectory,
  prepareWrite,
  saveMode,
  type TaskFile,
  taskPath,
  type WriteJob,
} from '../../src/io/write-job.js';

let folder = '';
let target = '';
let seed = 1;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-write-'));
  target = join(folder, 'out');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const platformWith = (files: FileSystem): Platform => ({
  files,
  clock: { now: () => 1e12, monotonic: () => 0 },
  seed: () => seed++,
});
const platform = platformWith(nodeFiles);

function writeFile(job: WriteJob, text: string, file: Partial<TaskFile> = {}): WrittenFile {
  const paths = taskPath(job.plan, { task: 0, attempt: 0, extension: '.csv', ...file });
  writeFileSync(paths.temporaryPath, text);
  return { ...paths, rows: 1, bytes: text.length };
}

/** Files below a directory with what they hold, names without what differs from run to run. */
function contents(directory = target): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[
      relative(directory, path)
        .split(sep)
        .join('/')
        .replace(/part-(\d+)-\w+-/, 'part-$1-')
    ] = readFileSync(path, 'utf8');
  }
  return found;
}

describe('a write', () => {
  it('shows nothing before it is committed, and then all of it', () => {
    const job = prepareWrite(platform, { path: target, mode: 'error' });
    const files = [
      writeFile(job, 'a'),
      writeFile(job, 'b', {
        task: 1,
        partitions: [
          ['year', '2024'],
          ['c', null],
        ],
      }),
    ];
    writeFile(job, 'of a failed attempt', { attempt: 1 });
    expect(existsSync(target)).toBe(false);
    expect(expandPaths(nodeFiles, [folder])).toEqual([]);
    job.commit(files);
    expect(contents()).toEqual({
      'part-00000-c000.csv': 'a',
      'year=2024/c=__HIVE_DEFAULT_PARTITION__/part-00001-c000.csv': 'b',
      _SUCCESS: '',
    });
    expect(readdirSync(folder)).toEqual(['out']);
  });

  it('that is aborted leaves nothing behind', () => {
    const job = prepareWrite(platform, { path: join(target, 'deep'), mode: 'overwrite' });
    writeFile(job, 'a');
    job.abort();
    job.commit([]);
    expect(readdirSync(target)).toEqual([]);
  });

  it('follows its mode when the target is there', () => {
    const put = (mode: 'append' | 'overwrite', text: string) => {
      const job = prepareWrite(platform, { path: target, mode });
      job.commit([writeFile(job, text)]);
    };
    put('append', 'first');
    put('append', 'second');
    expect(Object.values(contents()).sort()).toEqual(['', 'second']);
    expect(readdirSync(target).length).toBe(3);
    put('overwrite', 'third');
    expect(contents()).toEqual({ 'part-00000-c000.csv': 'third', _SUCCESS: '' });
    expect(() => prepareWrite(platform, { path: target, mode: 'error' })).toThrow(/PATH_ALREADY_EXISTS/);
    const ignored = prepareWrite(platform, { path: target, mode: 'ignore' });
    expect(ignored.skip).toBe(true);
    ignored.commit([]);
    expect(readdirSync(folder)).toEqual(['out']);
    expect([saveMode('ErrorIfExists'), saveMode('Overwrite')]).toEqual(['error', 'overwrite']);
    expect(() => saveMode('replace')).toThrow(/overwrite/);
  });

  it('to a target that appeared meanwhile is refused, and what appeared stays', () => {
    const job = prepareWrite(platform, { path: target, mode: 'error' });
    const file = writeFile(job, 'late');
    mkdirSync(target);
    writeFileSync(join(target, 'other'), 'x');
    expect(() => job.commit([file])).toThrow(/PATH_ALREADY_EXISTS/);
    expect(contents()).toEqual({ other: 'x' });
    expect(readdirSync(folder)).toEqual(['out']);
  });

  it('of a single file replaces it in one step', () => {
    const put = (mode: 'error' | 'overwrite', text: string) => {
      const job = prepareWrite(platform, { path: target, mode, kind: 'file' });
      job.commit([writeFile(job, text)]);
    };
    put('error', 'one');
    put('overwrite', 'two');
    expect(readFileSync(target, 'utf8')).toBe('two');
    expect(() => put('error', 'three')).toThrow(/already exists/);
    expect(() => prepareWrite(platform, { path: target, mode: 'append', kind: 'file' })).toThrow(/cannot be appended/);
    expect(() => prepareWrite(platform, { path: target, mode: 'append' })).toThrow(/is a file/);
  });

  it.each([1, 2, 3, 4, 5, 6])('that fails at rename %i keeps what was there', (failing) => {
    const first = prepareWrite(platform, { path: target, mode: 'append' });
    first.commit([writeFile(first, 'before')]);
    for (const mode of ['append', 'overwrite'] as const) {
      let renames = 0;
      const faulty: FileSystem = {
        ...nodeFiles,
        rename(from, to) {
          if (++renames === failing) throw new Error('the disk is gone');
          nodeFiles.rename(from, to);
        },
      };
      const job = prepareWrite(platformWith(faulty), { path: target, mode });
      const files = [0, 1].map((task) => writeFile(job, `new ${task}`, { task }));
      const before = contents();
      const total = mode === 'append' ? 2 : 4;
      if (failing > total) {
        job.commit(files);
        continue;
      }
      expect(() => job.commit(files)).toThrow('the disk is gone');
      expect(contents()).toEqual(before);
      expect(readdirSync(folder)).toEqual(['out']);
    }
  });
});

describe('a writer that dies', () => {
  /** A file system on which everything fails from the nth change on, as for a process that is no more. */
  const dyingAt = (nth: number): { files: FileSystem; changes: () => number } => {
    let changes = 0;
    const alive = <A extends unknown[], R>(action: (...args: A) => R) => {
      return (...args: A): R => {
        if (++changes >= nth) throw new Error('dead');
        return action(...args);
      };
    };
    const { create, makeDirectory, rename, remove, claim } = nodeFiles;
    const files = {
      ...nodeFiles,
      create: alive(create),
      makeDirectory: alive(makeDirectory),
      rename: alive(rename),
      remove: alive(remove),
      claim: alive(claim),
    };
    return { files, changes: () => changes };
  };

  it.runIf(existsSync('/proc/self/stat'))('is not taken for another process that got its number', () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const first = prepareWrite(platform, { path: target, mode: 'append' });
    const staging = readdirSync(folder).find((name) => name.startsWith('.')) as string;
    first.commit([writeFile(first, 'old', { task: 0 })]);
    // The test's parent lives; it began when it did, and not in the first tick of the system.
    const named = (owner: string): string => staging.replace(/-[\d_]+-(\w+)$/, `-${owner}-$1`);
    const [dead, alive] = [named(`${process.ppid}_1`), named(`${process.ppid}`)];
    for (const name of [dead, alive]) mkdirSync(join(folder, name));
    const second = prepareWrite(platform, { path: target, mode: 'append' });
    second.commit([writeFile(second, 'new', { task: 1 })]);
    expect(readdirSync(folder).sort()).toEqual([alive, 'out']);
  });

  it.each(['append', 'overwrite', 'dynamic'] as const)('in mode %s leaves the old files or the new', (mode) => {
    const partition = (p: string): Partial<TaskFile> => ({ partitions: [['p', p]] });
    const outcomes = new Set<string>();
    for (let nth = 1; ; nth++) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      const first = prepareWrite(platform, { path: target, mode: 'append' });
      first.commit(['a', 'b', 'c'].map((p, task) => writeFile(first, `old ${p}`, { task, ...partition(p) })));
      const before = JSON.stringify(contents());
      const dying = dyingAt(nth);
      let died = false;
      try {
        const job = prepareWrite(platformWith(dying.files), {
          path: target,
          mode: mode === 'dynamic' ? 'overwrite' : mode,
          dynamic: mode === 'dynamic',
        });
        job.commit(['a', 'b'].map((p, task) => writeFile(job, `new ${p}`, { task: task + 5, ...partition(p) })));
      } catch {
        died = true;
      }
      for (const name of readdirSync(folder)) {
        renameSync(join(folder, name), join(folder, name.replace(/-[\d_]+-(\w+)$/, '-999999999-$1')));
      }
      const read = expandPaths(nodeFiles, [target]).map(({ path }) => readFileSync(path, 'utf8'));
      outcomes.add(read.sort().join());
      if (JSON.stringify(contents()) === before) expect(died).toBe(true);
      prepareWrite(platform, { path: target, mode: 'append' }).abort();
      expect(readdirSync(folder)).toEqual(['out']);
      if (!died) break;
    }
    const after = {
      append: 'new a,new b,old a,old b,old c',
      overwrite: 'new a,new b',
      dynamic: 'new a,new b,old c',
    };
    expect([...outcomes].sort()).toEqual(['old a,old b,old c', after[mode]].sort());
  });
});

describe('names', () => {
  it('of partitions are Hive’s, and come back as the values they stand for', () => {
    expect(partitionDirectory('a b', 'x/y=z%"#')).toBe('a b=x%2Fy%3Dz%25%22%23');
    expect(partitionDirectory('day', '2024-01-01 10:00:00')).toBe('day=2024-01-01 10%3A00%3A00');
    expect(() => partitionDirectory('a', 'x'.repeat(300))).toThrow(/too long/);
  });

  it('never lead out of the target, whatever the values are', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '..',
        '../../etc/passwd',
        '/',
        '\\',
        '.',
        '',
        '\0',
        'a/../../b',
        '..\\..',
        '%2e%2e%2f',
        '~',
        'C:\\x',
      ),
      fc.string(),
    );
    const job = prepareWrite(platform, { path: target, mode: 'overwrite' });
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, hostile), { minLength: 1, maxLength: 3 }), (pairs) => {
        fc.pre(pairs.every(([name, value]) => Buffer.byteLength(name + value) < 70));
        const { finalPath, temporaryPath } = taskPath(job.plan, {
          task: 3,
          attempt: 0,
          extension: '.csv',
          partitions: pairs,
        });
        const parts = relative(target, finalPath).split(sep);
        expect(parts.length).toBe(pairs.length + 1);
        expect(parts.every((part) => part !== '..' && part !== '.' && !part.includes('\0'))).toBe(true);
        expect(relative(job.plan.staging, temporaryPath).startsWith('..')).toBe(false);
      }),
    );
    job.abort();
  });

  it('of values are read back by the reader of directories', () => {
    const values = ['a/b', '..', 'ü %', 'x=y', '#{}[]^', ' lead', 'tab\t', '"\''];
    const job = prepareWrite(platform, { path: target, mode: 'overwrite' });
    job.commit(values.map((value, task) => writeFile(job, value, { task, partitions: [['p', value]] })));
    const read = expandPaths(nodeFiles, [target]);
    expect(read.map((file) => file.partitions[0]?.[1]).sort()).toEqual([...values].sort());
    for (const file of read) expect(readFileSync(file.path, 'utf8')).toBe(file.partitions[0]?.[1]);
  });

  it('not of this write are refused', () => {
    const job = prepareWrite(platform, { path: target, mode: 'overwrite' });
    const file = writeFile(job, 'x');
    expect(() => job.commit([{ ...file, finalPath: join(folder, 'elsewhere') }])).toThrow(/outside/);
    const other = prepareWrite(platform, { path: target, mode: 'overwrite' });
    expect(() => other.commit([{ ...file, temporaryPath: join(folder, 'x') }])).toThrow(/outside/);
    expect(() => taskPath(job.plan, { task: 0, attempt: 0, extension: '/../x' })).toThrow(/extension/);
    expect(() => prepareWrite(platform, { path: '/', mode: 'overwrite' })).toThrow('the root of a file system');
    expect(readdirSync(folder)).toEqual([]);
  });
});
