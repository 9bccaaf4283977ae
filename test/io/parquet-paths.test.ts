import { describe, expect, it } from 'vitest';
import type { FileInfo, FileSystem } from '../../src/base/index.js';
import { partitionColumns, partitionValue } from '../../src/io/partitions.js';
import { expandPaths } from '../../src/io/paths.js';

/** A file system of names only; directories are what the files need. */
function fileSystem(...paths: string[]): FileSystem {
  const entries = new Map<string, FileInfo>([['.', { path: '.', size: 0, modifiedMs: 0, directory: true }]]);
  for (const path of paths) {
    const parts = path.split('/');
    for (let i = 1; i <= parts.length; i++) {
      const at = parts.slice(0, i).join('/');
      entries.set(at, { path: at, size: 1, modifiedMs: 0, directory: i < parts.length });
    }
  }
  const unused = (): never => {
    throw new Error('not used');
  };
  return {
    open: unused,
    create: unused,
    makeDirectory: unused,
    rename: unused,
    remove: unused,
    claim: unused,
    syncDirectory: unused,
    names: () => [],
    stat: (path) => entries.get(path.replace(/\/$/, '')),
    list: (directory) =>
      [...entries.values()].filter(({ path }) =>
        directory === '.'
          ? path !== '.' && !path.includes('/')
          : path.startsWith(`${directory}/`) && !path.slice(directory.length + 1).includes('/'),
      ),
  };
}

const files = fileSystem(
  'data/a.parquet',
  'data/b.parquet',
  'data/_SUCCESS',
  'data/.b.crc',
  'data/deep/c.parquet',
  'data/deep/d.csv',
  'p/year=2024/month=01/x.parquet',
  'p/year=2025/month=12/y.parquet',
  'p/year=__HIVE_DEFAULT_PARTITION__/month=2/z.parquet',
  'p/_temporary/0/t.parquet',
  'odd[1].parquet',
);
const expand = (...paths: string[]) => expandPaths(files, paths).map((f) => f.path);

describe('paths', () => {
  it('are files, directories without hidden files, and patterns', () => {
    expect(expand('data/a.parquet')).toEqual(['data/a.parquet']);
    expect(expand('data')).toEqual(['data/a.parquet', 'data/b.parquet', 'data/deep/c.parquet', 'data/deep/d.csv']);
    expect(expand('data/*.parquet')).toEqual(['data/a.parquet', 'data/b.parquet']);
    expect(expand('data/**/*.parquet')).toEqual(['data/a.parquet', 'data/b.parquet', 'data/deep/c.parquet']);
    expect(expand('data/[ax].parquet', 'data/{b,c}.parquet')).toEqual(['data/a.parquet', 'data/b.parquet']);
    expect(expand('data/[!a].parquet')).toEqual(['data/b.parquet']);
    expect(expand('data/?.parquet', 'data/a.parquet')).toEqual(['data/a.parquet', 'data/b.parquet']);
    expect(expand('*/deep/*.csv')).toEqual(['data/deep/d.csv']);
    expect(expand('odd[1].parquet')).toEqual(['odd[1].parquet']);
  });

  it('that lead nowhere are named', () => {
    expect(() => expand('nowhere')).toThrow(/PATH_NOT_FOUND.*nowhere/);
    expect(() => expand('data/*.orc')).toThrow(/no file matches/);
  });

  it('with partitions give typed columns', () => {
    const found = expandPaths(files, ['p']);
    expect(found.map((f) => f.path)).toHaveLength(3);
    const columns = partitionColumns(found);
    expect(columns.map((c) => [c.name, c.type.kind])).toEqual([
      ['year', 'int32'],
      ['month', 'int32'],
    ]);
    expect(found.map((f) => columns.map((c) => partitionValue(f, c)))).toEqual([
      [2024, 1],
      [2025, 12],
      [null, 2],
    ]);
  });

  it.each([
    [['1', '-5'], 'int32'],
    [['1', '3000000000'], 'int64'],
    [['1', '2.5'], 'float64'],
    [['2024-02-29', '2024-03-01'], 'date'],
    [['2023-02-29'], 'string'],
    [['99999999999999999999'], 'string'],
    [['a', '1'], 'string'],
    [[], 'string'],
  ])('partition values %j are of type %s', (values, kind) => {
    const dataFiles = (values.length === 0 ? [null] : values).map((value) => ({
      path: '',
      size: 0,
      modifiedMs: 0,
      partitions: [['k', value] as const],
    }));
    expect(partitionColumns(dataFiles)[0]?.type.kind).toBe(kind);
  });
});
