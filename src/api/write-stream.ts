import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WritableStream } from 'node:stream/web';
import { SparrowError } from '../base/index.js';
import type { ByteSink } from '../io/memory-paths.js';
import { repartition, write } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import { runToEnd } from './actions.js';
import type { FrameContext } from './context.js';
import type { ActionOptions, WriteResult } from './engine.js';

interface StreamTarget {
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  readonly partitionBy: readonly string[];
}

/**
 * Writes a frame as one file into a stream, no faster than that takes it. The file is made whole first: a query that fails
 * gives no byte.
 */
export async function writeToStream(
  context: FrameContext,
  plan: Plan,
  { format, options, partitionBy }: StreamTarget,
  sink: ByteSink,
  given: ActionOptions,
): Promise<WriteResult> {
  if (format === 'delta' || partitionBy.length > 0)
    throw new SparrowError('UNSUPPORTED_FEATURE.WRITE', 'a stream takes one file: no folders and no tables', {
      hint: 'write to a path',
    });
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-stream-'));
  try {
    const path = join(folder, 'out');
    let result: WriteResult = { files: 0, rows: 0, bytes: 0 };
    const target = { format, path, mode: 'error' as const, partitionBy, options };
    const one = repartition(plan, 1, [], false);
    await runToEnd(context, write(one, target), { ...given, onWritten: (made) => (result = made) });
    const names = readdirSync(path).filter((name) => name.startsWith('part-'));
    const source = createReadStream(join(path, names[0] as string));
    const { signal } = given;
    if ('getWriter' in sink)
      await (Readable.toWeb(source) as { pipeTo(to: unknown, options: object): Promise<void> }).pipeTo(
        sink as WritableStream,
        signal ? { signal } : {},
      );
    else await pipeline(source, sink as unknown as Writable, signal ? { signal } : {});
    return result;
  } catch (error) {
    if (given.signal?.aborted !== true || error instanceof SparrowError) throw error;
    throw new SparrowError('OPERATION_CANCELED', 'the write was cancelled', { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
