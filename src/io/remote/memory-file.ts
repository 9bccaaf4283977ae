import { mkdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SparrowError } from '../../base/index.js';
import { contentOf, forgetContent, isData, removedBy } from '../memory-paths.js';
import { localFolder } from './remote-file.js';

/** Files packed so are unpacked by what they are called. */
const PACKED = [
  ['.gz', /^1f8b/],
  ['.zst', /^28b52ffd/],
  ['.bz2', /^425a683.314159/],
] as const;
const files = new Map<string, Promise<string>>();
let count = 0;

/** The file of this machine that holds the content of a path, which is read once; it goes when nothing reads it any more. */
export function memoryFile(path: string): Promise<string> {
  let file = files.get(path);
  if (file === undefined) {
    const folder = join(localFolder(), `content-${++count}`);
    removedBy(path, () => {
      files.delete(path);
      rmSync(folder, { recursive: true, force: true });
    });
    file = store(path, folder);
    files.set(path, file);
  }
  return file;
}

async function store(path: string, folder: string): Promise<string> {
  mkdirSync(folder);
  const draft = join(folder, 'content');
  const handle = await open(draft, 'wx+');
  try {
    for await (const chunk of chunksOf(path)) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(bytes instanceof Uint8Array))
        throw new SparrowError('INVALID_VALUE_FOR_TYPE', 'a stream to be read as a file gives bytes or text', {
          hint: 'rows come in by session.createDataFrame',
        });
      await handle.appendFile(bytes);
    }
    const first = Buffer.alloc(7);
    await handle.read(first, 0, 7, 0);
    const [ending = ''] = PACKED.find(([, begins]) => begins.test(first.toString('hex'))) ?? [];
    await rename(draft, draft + ending);
    return draft + ending;
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    if (cause instanceof SparrowError) throw cause;
    throw new SparrowError('FAILED_READ_FILE', `what was to be read ended with an error: ${String(cause)}`, { cause });
  } finally {
    forgetContent(path);
    await handle.close();
  }
}

function chunksOf(path: string): AsyncIterable<unknown> | Iterable<unknown> {
  const content = isData(path) ? path : contentOf(path);
  if (typeof content === 'string') return [dataOf(content)];
  if (content === undefined) throw new SparrowError('PATH_NOT_FOUND', `${path} stands for nothing in this process`);
  if (content instanceof ArrayBuffer) return [new Uint8Array(content)];
  if (ArrayBuffer.isView(content)) return [new Uint8Array(content.buffer, content.byteOffset, content.byteLength)];
  if (typeof content === 'object' && content !== null && Symbol.asyncIterator in content)
    return content as AsyncIterable<unknown>;
  return (content as Blob).stream() as unknown as AsyncIterable<unknown>;
}

/** The bytes of a `data:` address (RFC 2397). */
function dataOf(url: string): Uint8Array {
  const [, kind = '', text] = /^data:([^,]*),(.*)$/is.exec(url) ?? [];
  if (text === undefined) throw new SparrowError('INVALID_PATH', 'a data: address has a comma before its data');
  const isBase64 = /;\s*base64\s*$/i.test(kind);
  // An address may hold any byte as %xx, which need not be text.
  const plain = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (isBase64) return Buffer.from(plain, 'base64');
  return Buffer.concat(
    [...text.matchAll(/%([0-9a-f]{2})|[^%]+|%/gi)].map(([part, hex]) =>
      hex === undefined ? Buffer.from(part) : Buffer.from(hex, 'hex'),
    ),
  );
}
