import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { SparrowError } from '../../base/index.js';
import { S3Bucket, type S3Upload, s3Parts, splitOptions } from './s3.js';
import { putCommit, settleCommits, takeCommit } from './s3-commit.js';

interface Target {
  readonly path: string;
  readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
  readonly dynamic?: boolean;
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
}

const SUCCESS = '_SUCCESS';
const ATTEMPTS = 20;

/**
 * Writes files aside on this machine, brings their bytes into the bucket as uploads that nobody sees, puts down what is left
 * to do in one step, and does it: completes the uploads, `_SUCCESS` last, and removes what they replace. A process that dies
 * before that step has written nothing, and after it the next reader or writer of ours goes on.
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
  const uploads: S3Upload[] = [];
  let isCommitted = false;
  try {
    const below = key === '' ? '' : `${key}/`;
    const job = Object.entries(rest).find(([option]) => option.toLowerCase() === 'jobid')?.[1];
    const note = job === undefined ? undefined : `${below}_done/job-${encodeURIComponent(job)}`;
    if ((await present(bucket, below, target, note)) === undefined) return undefined;
    const local = join(folder, 'out');
    const result = await write(local, rest);
    const keyOf = (file: string): string => below + relative(local, file).split(sep).join('/');
    for (const entry of readdirSync(local, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // The folder written aside has a note of its own.
      if (!entry.isFile() || entry.name === SUCCESS || keyOf(path) === note) continue;
      uploads.push(await bucket.upload(keyOf(path), path));
    }
    const marks = [...(note === undefined ? [] : [note]), below + SUCCESS];
    for (let attempt = 1; ; attempt++) {
      const there = await present(bucket, below, target, note);
      if (there === undefined) return undefined;
      const commit = { uploads, marks, remove: replaced(there, uploads, below, target) };
      if (!(await putCommit(bucket, below, commit, there))) {
        if (attempt < ATTEMPTS) continue;
        throw new SparrowError('CONCURRENT_WRITE', 'others write there all the time', { where: `path ${target.path}` });
      }
      isCommitted = true;
      await takeCommit(bucket, below, commit);
      return result;
    }
  } finally {
    if (!isCommitted) for (const upload of uploads) await bucket.abort(upload);
    bucket.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The objects of a target, when the commits of others are done; undefined where nothing is to be written. */
async function present(
  bucket: S3Bucket,
  below: string,
  { mode, path }: Target,
  note: string | undefined,
): Promise<readonly string[] | undefined> {
  const list = async () => (await bucket.list(below)).map((object) => object.key);
  let there = await list();
  if (await settleCommits(bucket, there)) there = await list();
  if (note !== undefined && there.includes(note)) return undefined;
  if (there.length > 0 && mode === 'ignore') return undefined;
  if (there.length === 0 || mode !== 'error') return there;
  throw new SparrowError('PATH_ALREADY_EXISTS', `${path} already exists`, {
    where: `path ${path}`,
    hint: 'set the mode to "overwrite" to replace it, or to "append" to add to it',
  });
}

/** What goes: all that was there, or what was in the folders written to; names of jobs stay. */
function replaced(
  there: readonly string[],
  uploads: readonly S3Upload[],
  below: string,
  { mode, dynamic }: Target,
): readonly string[] {
  if (mode !== 'overwrite') return [];
  const folders = new Set(uploads.map((upload) => dirname(upload.key)));
  const isKept = (key: string): boolean =>
    key === below + SUCCESS || key.startsWith(`${below}_done/`) || (dynamic === true && !folders.has(dirname(key)));
  return there.filter((key) => !isKept(key));
}
