import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Session, SparrowError } from 'sparrow-df';
import { mutated } from './mutation.js';

// One mutant a line (seed, file) on standard input; one answer a line on standard output.
const [, , folder = '.'] = process.argv;
const ROWS = 20_000;
const PATIENCE_MS = 5_000;

const session = await Session.create({ workers: 1, memory: '256MB', int64: 'string' });

const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.stream': 'arrow',
  '.arrow_file': 'arrow',
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'json',
  '.jsonl': 'json',
};

async function readAll(path: string, format: string): Promise<string> {
  const { read } = session;
  const frame = (format === 'csv' ? read.option('header', 'true') : read).format(format).load(path);
  let rows = 0;
  // A deadline of our own: what takes longer than this without looking at the signal is found by the parent.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const batch of frame.batches({ signal })) {
    rows += batch.numRows;
    if (rows > ROWS) break;
  }
  return 'read';
}

function verdict(error: unknown): string {
  if (!(error instanceof SparrowError)) return `bug ${error instanceof Error ? error.stack : String(error)}`;
  if (error.code === 'INTERNAL_ERROR') return `bug ${error.message} ${(error.cause as Error | undefined)?.stack ?? ''}`;
  return error.code === 'OPERATION_CANCELED' ? 'slow' : `refused ${error.code}`;
}

process.on('unhandledRejection', (error) => {
  console.log(
    `bug unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`.replaceAll('\n', ' | '),
  );
});

for await (const line of createInterface({ input: process.stdin })) {
  const [seed = '0', ...rest] = line.split(' ');
  const file = rest.join(' ');
  const extension = extname(file);
  const path = join(folder, `mutant${extension}`);
  writeFileSync(path, mutated(readFileSync(file), Number(seed)));
  let answer: string;
  try {
    answer = await readAll(path, FORMATS[extension] ?? 'csv');
  } catch (error) {
    answer = verdict(error);
  }
  // Whatever the file was, the session must be as good as before.
  if (answer !== 'slow' && (await session.range(10).count()) !== 10) answer = 'bug the session counts wrong';
  console.log(`${answer.replaceAll('\n', ' | ')}`);
}
await session.stop();
