import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { SparrowError } from '../../base/index.js';
import { S3Bucket, s3Parts, splitOptions } from './s3.js';

interface Target {
  readonly path: string;
  readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
  readonly dynamic?: boolean;
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
}

const SUCCESS = '_SUCCESS';

/**
 * Writes files aside on this machine, then puts them into a bucket, `_SUCCESS` last; what they replace goes after that. A
 * store has no step for many objects: who reads before `_SUCCESS` is there may see some of them.
 */
export async function writeS3<R>(
  target: Target,
  write: (folder: string, options: Record<string, string>) => Promise<R>,
): Promise<R | undefined> {
  if (target.format === 'delta') {
    throw new SparrowError('UNSUPPORTED_FEATURE.S3', 'Delta tables are written to local disks only', {
      where: `path ${target.path}`,
    });
  }
  const [name, key] = s3Parts(target.path);
  const { own, rest } = splitOptions(target.options);
  const bucket = await S3Bucket.open(name, own);
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-s3-'));
  try {
    const below = key === '' ? '' : `${key}/`;
    const there = (await bucket.list(below)).map((object) => object.key);
    if (there.length > 0 && target.mode === 'ignore') return undefined;
    if (there.length > 0 && target.mode === 'error') {
      throw new SparrowError('PATH_ALREADY_EXISTS', `${target.path} already exists`, {
        where: `path ${target.path}`,
        hint: 'set the mode to "overwrite" to replace it, or to "append" to add to it',
      });
    }
    const local = join(folder, 'out');
    const result = await write(local, rest);
    const files = readdirSync(local, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== SUCCESS)
      .map((entry) => relative(local, join(entry.parentPath, entry.name)));
    const keyOf = (file: string): string => below + file.split(sep).join('/');
    for (const file of files) await bucket.put(keyOf(file), readFileSync(join(local, file)));
    // Of two that make the same output, one is told.
    await bucket.put(keyOf(SUCCESS), new Uint8Array(), target.mode === 'error');
    if (target.mode === 'overwrite') {
      const kept = new Set([...files.map(keyOf), keyOf(SUCCESS)]);
      const folders = new Set([...kept].map(dirname));
      const replaced = (each: string): boolean => target.dynamic !== true || folders.has(dirname(each));
      await bucket.remove(there.filter((each) => !kept.has(each) && replaced(each)));
    }
    return result;
  } finally {
    bucket.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
