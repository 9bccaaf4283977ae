import { linkSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { SparrowError } from '../../base/index.js';
import { localFolder, RemoteFile } from './remote-file.js';
import { S3Bucket, s3Parts } from './s3.js';
import { settleCommits } from './s3-commit.js';

let mirrors = 0;

/**
 * The objects below a path or pattern, as files of this machine in folders of the same names. None is fetched yet. Gives
 * the path that means the same there.
 */
export async function mirrored(
  path: string,
  options: Readonly<Record<string, string>>,
  remote: Map<string, RemoteFile>,
): Promise<string> {
  const [name, key] = s3Parts(path);
  const bucket = await S3Bucket.open(name, options);
  try {
    const isPattern = /[*?[{]/.test(key);
    const prefix = isPattern ? key.slice(0, key.search(/[*?[{]/)) : key;
    const list = async () =>
      (await bucket.list(prefix)).filter(
        (o) => isPattern || key === '' || o.key === key || o.key.startsWith(`${key}/`),
      );
    let objects = await list();
    const keys = objects.map((object) => object.key);
    if (await settleCommits(bucket, keys)) objects = await list();
    if (objects.length === 0) {
      throw new SparrowError('PATH_NOT_FOUND', `${path}: there are no such objects`, { where: `path ${path}` });
    }
    const root = join(localFolder(), `s3-${++mirrors}`);
    for (const { key: each, size, etag } of objects) {
      const local = resolve(root, each);
      // A key may say ../
      if (!local.startsWith(root + sep)) continue;
      const info = { size, etag, lastModified: undefined };
      const file = await RemoteFile.open(await bucket.link(each), { key: `s3://${name}/${each}`, info });
      mkdirSync(dirname(local), { recursive: true });
      linkSync(file.path, local);
      remote.set(local, file);
    }
    return join(root, key);
  } finally {
    bucket.close();
  }
}
