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
let count = 0;

/** A path by which a plan names what it cannot hold. */
export function pathOf(content: unknown, scheme = 'memory'): string {
  const path = `${scheme}:${++count}`;
  contents.set(path, content);
  return path;
}

/** What a path was given for. */
export const contentOf = (path: string): unknown => contents.get(path);

/** Bytes are in a file now, or a stream was read. */
export const forgetContent = (path: string): void => void contents.delete(path);

export const isMemory = (path: string): boolean => /^(memory:\d+$|data:)/i.test(path);

export const isSink = (value: unknown): value is ByteSink =>
  typeof value === 'object' && value !== null && ('getWriter' in value || 'write' in value);

export const isContent = (value: unknown): boolean =>
  value instanceof ArrayBuffer ||
  (typeof value === 'object' &&
    value !== null &&
    (ArrayBuffer.isView(value) || Symbol.asyncIterator in value || 'getReader' in value || 'stream' in value));
