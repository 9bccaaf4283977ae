import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { col, type DataFrame, Session, SparrowError } from 'sparrow-df';
import { formatOf, OPTIONS } from './formats.js';
import { mutated } from './mutation.js';

// One mutant a line (seed, file) on standard input; one answer a line on standard output.
const [, , folder = '.'] = process.argv;
const ROWS = 20_000;
const PATIENCE_MS = 5_000;

const session = await Session.create({ workers: 1, memory: '256MB', int64: 'string' });

/** A deadline of our own: what takes longer than this without looking at the signal is found by the parent. */
const patience = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(PATIENCE_MS) });

async function readAll(path: string, format: string, seed: number): Promise<string> {
  const choices = OPTIONS[format] ?? [{}];
  const frame = session.read
    .format(format)
    .options(choices[seed % choices.length] as Readonly<Record<string, string>>)
    .load(path) as DataFrame;
  let rows = 0;
  for await (const batch of frame.batches(patience())) {
    rows += batch.numRows;
    if (rows > ROWS) return 'read';
  }
  // What can be read whole has as many rows when nothing but them is counted, and can be read in part.
  const counted = await frame.count(patience());
  if (counted !== rows) return `bug ${rows} rows were read, ${counted} counted`;
  const [first] = await frame.columns();
  if (first === undefined) return 'read';
  const some = frame.select(col(`\`${first.replaceAll('`', '``')}\``).as('c'));
  const [held, nulls] = [
    await some.filter(col('c').isNotNull()).count(patience()),
    await some.filter(col('c').isNull()).count(patience()),
  ];
  return held + nulls === rows ? 'read' : `bug of ${rows} rows ${held} have a value and ${nulls} none`;
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
  const { format = 'csv', ending = '.csv' } = formatOf(file) ?? {};
  const path = join(folder, `mutant${ending}`);
  writeFileSync(path, mutated(readFileSync(file), Number(seed)));
  let answer: string;
  try {
    answer = await readAll(path, format, Number(seed));
  } catch (error) {
    answer = verdict(error);
  }
  // Whatever the file was, the session must be as good as before.
  if (answer !== 'slow' && (await session.range(10).count()) !== 10) answer = 'bug the session counts wrong';
  console.log(`${answer.replaceAll('\n', ' | ')}`);
}
await session.stop();
