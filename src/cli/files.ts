import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DataFrame } from '../api/frame.js';
import { Session } from '../api/session.js';
import { UsageError } from './errors.js';

interface FileKind {
  readonly format: 'parquet' | 'csv';
  readonly options: Readonly<Record<string, string | boolean>>;
}

const kinds: readonly (FileKind & { readonly extension: RegExp })[] = [
  { extension: /\.(parquet|parq|pq)$/i, format: 'parquet', options: {} },
  { extension: /\.csv$/i, format: 'csv', options: { header: true } },
  { extension: /\.tsv$/i, format: 'csv', options: { header: true, sep: '\t' } },
  { extension: /\.csv\.gz$/i, format: 'csv', options: { header: true, compression: 'gzip' } },
  { extension: /\.tsv\.gz$/i, format: 'csv', options: { header: true, sep: '\t', compression: 'gzip' } },
];

/** What the name of a file says about its contents. */
export function kindOf(path: string): FileKind {
  const kind = kinds.find(({ extension }) => extension.test(path));
  if (kind !== undefined) return kind;
  const known = '.parquet, .csv, .tsv, .csv.gz or .tsv.gz';
  throw new UsageError(`${path} is neither a command nor a file that ends in ${known}. Hint: see sparrow --help.`);
}

/** Prints the schema and the first rows of each file. */
export async function showFiles(paths: readonly string[], rows: number, signal: AbortSignal): Promise<void> {
  const sources = paths.map((path) => ({ path, kind: kindOf(path) }));
  await withSession(async (session) => {
    for (const { path, kind } of sources) {
      if (sources.length > 1) console.log(path);
      const frame = open(session, path, kind);
      await frame.printSchema();
      await frame.show(rows, true, false, { signal });
    }
  });
}

/** Writes the rows of one file as another, whole or not at all. Gives how many there were. */
export async function convert(from: string, to: string, overwrite: boolean, signal: AbortSignal): Promise<number> {
  const [source, target] = [kindOf(from), kindOf(to)];
  if (resolve(from) === resolve(to)) throw new UsageError('the two files are the same. Hint: give the result a name.');
  if (!overwrite && existsSync(to)) throw new Error(`${to} exists already. Hint: --overwrite replaces it.`);
  return withSession(async (session) => {
    // A write makes a folder; its one file is moved out. Beside the target, so that the move is a rename.
    const aside = mkdtempSync(join(dirname(resolve(to)), `.${basename(to)}.`));
    try {
      const folder = join(aside, 'out');
      const frame = open(session, from, source);
      const writer = frame.coalesce(1).write.options(target.options).format(target.format);
      let rows = 0;
      await writer.save(folder, { signal, onProgress: ({ rowsRead }) => (rows = rowsRead) });
      const parts = readdirSync(folder).filter((name) => name.startsWith('part-'));
      const [part] = parts;
      if (part === undefined || parts.length > 1) throw new Error(`${parts.length} files were written for one`);
      renameSync(join(folder, part), to);
      return rows;
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  });
}

function open(session: Session, path: string, { format, options }: FileKind): DataFrame {
  const reader = session.read.format(format);
  const inferred = format === 'csv' ? reader.options({ ...options, inferSchema: true }) : reader;
  return inferred.load(path) as DataFrame;
}

async function withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
  const session: Session = await Session.create();
  try {
    return await use(session);
  } finally {
    await session.stop();
  }
}
