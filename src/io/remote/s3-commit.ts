import type { SparrowError } from '../../base/index.js';
import type { S3Bucket, S3Upload } from './s3.js';

/** What a write of many objects still has to do; whoever meets it does it. */
export interface S3Commit {
  readonly uploads: readonly S3Upload[];
  /** Objects without bytes that say that it is done. */
  readonly marks: readonly string[];
  /** What is replaced. */
  readonly remove: readonly string[];
}

/** The object below a target that holds its commit. It is put in one step, and only where there is none. */
const COMMIT = '_sparrow_commit.json';
const AT_ONCE = 8;
/** So long its writer is left to do it. */
const WAIT_MS = 5000;
const PAUSE_MS = 100;

/**
 * Makes a commit count: from now on all of it will be seen. False where it does not, as there is another, or as these keys are
 * not what is there any more: others let the commit be for long enough to take it back.
 */
export async function putCommit(
  bucket: S3Bucket,
  below: string,
  commit: S3Commit,
  there: readonly string[],
): Promise<boolean> {
  const own = below + COMMIT;
  try {
    await bucket.put(own, Buffer.from(JSON.stringify(commit)), true);
  } catch (error) {
    if ((error as SparrowError).code !== 'CONCURRENT_WRITE') throw error;
    return false;
  }
  const now = (await bucket.list(below)).flatMap(({ key }) => (key === own ? [] : [key]));
  if (now.join('\n') === there.join('\n')) return true;
  await bucket.remove([own]);
  return false;
}

/** Does what a commit says, be it that others do so too. */
export async function takeCommit(bucket: S3Bucket, below: string, commit: S3Commit): Promise<void> {
  const { uploads, marks, remove } = commit;
  for (let at = 0; at < uploads.length; at += AT_ONCE)
    await Promise.all(uploads.slice(at, at + AT_ONCE).map((upload) => bucket.complete(upload)));
  for (const mark of marks) await bucket.put(mark, new Uint8Array());
  await bucket.remove([...remove, below + COMMIT]);
}

/** Finishes the commits among these objects whose writers do not; says whether there was one. */
export async function settleCommits(bucket: S3Bucket, keys: readonly string[]): Promise<boolean> {
  const commits = keys.filter((key) => key.endsWith(`/${COMMIT}`) || key === COMMIT);
  for (const key of commits) {
    let text = await bucket.get(key);
    for (let waited = 0; text !== undefined && waited < WAIT_MS; waited += PAUSE_MS) {
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
      text = await bucket.get(key);
    }
    if (text !== undefined) await takeCommit(bucket, key.slice(0, -COMMIT.length), JSON.parse(text) as S3Commit);
  }
  return commits.length > 0;
}
