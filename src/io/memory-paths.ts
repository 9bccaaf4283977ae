/** What stands for a file without being one: bytes, or what gives them piece by piece (streams of Node.js and the web among it). */
export type Content =
  | Uint8Array
  | ArrayBuffer
  | { readonly size: number; stream(): unknown }
  | { getReader(): unknown }
  | AsyncIterable<Uint8Array | string>;

/** A stream of Node.js or the web that takes the bytes of one file, in place of a path. */
export type ByteSink = { getWriter(): unknown } | { write(bytes: Uint8Array): unknown; end(): unknown };

/** Rows for a stream: an iterable, or a function that is told how many rows earlier runs took and gives those after them. */
export type RowsSource = AsyncIterable<object> | ((taken: number) => AsyncIterable<object>);

const contents = new Map<string, unknown>();
/** What removes the file that a path's content became, and whose it is. */
const removals = new Map<string, () => void>();
const owners = new Map<string, object>();
const unread = new FinalizationRegistry<string>(release);
let count = 0;

/** A path by which a plan names what it cannot hold. */
export function pathOf(content: unknown, scheme = 'memory'): string {
  const path = `${scheme}:${++count}`;
  contents.set(path, content);
  return path;
}

/** The content of a path goes when nothing holds `reader` any more, at the latest with its owner. */
export function releaseWith(reader: object, path: string, owner: object): void {
  owners.set(path, owner);
  unread.register(reader, path);
}

/** Lets go of all contents of an owner. */
export function releaseAll(owner: object): void {
  for (const [path, of] of owners) if (of === owner) release(path);
}

function release(path: string): void {
  removals.get(path)?.();
  for (const known of [contents, removals, owners]) known.delete(path);
}

/** Says how the file of a path is removed. */
export const removedBy = (path: string, remove: () => void): void => void removals.set(path, remove);

/** What a path was given for. */
export const contentOf = (path: string): unknown => contents.get(path);

/** Bytes are in a file now, or a stream was read. */
export const forgetContent = (path: string): void => void contents.delete(path);

export const isMemory = (path: string): boolean => /^memory:\d+$/.test(path) || isData(path);

/** A `data:` address. */
export const isData = (path: string): boolean => /^data:/i.test(path);

export const isSink = (value: unknown): value is ByteSink =>
  typeof value === 'object' && value !== null && ('getWriter' in value || 'write' in value);

export const isContent = (value: unknown): boolean =>
  value instanceof ArrayBuffer ||
  (typeof value === 'object' &&
    value !== null &&
    (ArrayBuffer.isView(value) || Symbol.asyncIterator in value || 'getReader' in value || 'stream' in value));
