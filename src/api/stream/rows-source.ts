import { join } from 'node:path';
import { type SourceDescription, SparrowError } from '../../base/index.js';
import { contentOf, type RowsSource } from '../../io/memory-paths.js';
import { nodePlatform } from '../../io/node-platform.js';
import { expandPaths } from '../../io/paths.js';
import { read, write } from '../../plan/build.js';
import { runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import { rowsToPlan } from '../create-data.js';
import type { StreamSource } from './checkpoint.js';

/** The option that names the rows. */
export const ROWS = 'rows';
const LIMIT = 'maxrowspertrigger';
const MOST_ROWS = 65_536;

/** Where a query keeps what it took, when it looks again, and what ends it. */
export interface Taking {
  readonly folder: string;
  readonly everyMs: number | undefined;
  readonly signal: AbortSignal;
}

/** What a batch takes of an iterable is written down before it counts as taken: a batch that is done again reads it there. */
export function rowsSource(context: FrameContext, description: SourceDescription, taking: Taking): StreamSource {
  const { options, schema } = description;
  const given = Object.entries(options).find(([name]) => name.toLowerCase() === LIMIT)?.[1];
  const most = Number(given ?? MOST_ROWS);
  if (!(most >= 1)) {
    throw new SparrowError('INVALID_OPTION', `maxRowsPerTrigger is ${given}`, { hint: 'give a number from 1' });
  }
  const source = contentOf(options[ROWS] as string) as RowsSource;
  let rows: AsyncIterator<object> | undefined;
  let coming: Promise<IteratorResult<object>> | undefined;
  nodePlatform.files.makeDirectory(taking.folder);
  const plain = { format: 'parquet', paths: [taking.folder], options: {}, ...(schema && { schema }) };
  return {
    next: async (pieces) => {
      const taken = pieces.reduce((sum, piece) => sum + ('rows' in piece ? (piece.rows ?? 0) : 0), 0);
      rows ??= (typeof source === 'function' ? source(taken) : source)[Symbol.asyncIterator]();
      const batch: object[] = [];
      const until = taking.everyMs === undefined ? undefined : performance.now() + taking.everyMs;
      while (batch.length < most) {
        coming ??= rows.next();
        const step = await orAtLast(coming, until, taking.signal);
        if (step === undefined) break;
        coming = undefined;
        if (step.done === true) break;
        batch.push(step.value);
      }
      if (batch.length === 0 || taking.signal.aborted) return undefined;
      const path = join(taking.folder, String(pieces.length));
      const plan = await rowsToPlan(each(batch), context, schema);
      const target = { format: 'parquet', path, mode: 'overwrite' as const, partitionBy: [], options: {} };
      await runToEnd(context, write(plan, target), {});
      const files = expandPaths(nodePlatform.files, [path]).map((file) => file.path);
      return { files, rows: batch.length };
    },
    rows: async (pieces, mode) => {
      const only = pieces.flatMap((piece) => ('files' in piece ? piece.files : []));
      return read({ ...plain, only, stream: mode });
    },
    forget: (batch: number) => nodePlatform.files.remove(join(taking.folder, String(batch))),
    close: () => void Promise.resolve(rows?.return?.()).catch(() => undefined),
  };
}

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

/** What comes, or undefined when it is late or the query ends. */
function orAtLast<T>(coming: Promise<T>, until: number | undefined, signal: AbortSignal): Promise<T | undefined> {
  let end = (): void => undefined;
  const late = new Promise<undefined>((resume) => {
    const stop = (): void => resume(undefined);
    const timer = until === undefined ? undefined : setTimeout(stop, Math.max(0, until - performance.now()));
    end = () => {
      clearTimeout(timer);
      stop();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
  return Promise.race([coming, late]).finally(() => {
    signal.removeEventListener('abort', end);
    end();
  });
}
