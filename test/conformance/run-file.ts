import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session, SparrowError } from 'sparrow-df';
import {
  type Batch,
  readColumn,
  type Scalar,
  type Schema,
  type SharedHeap,
  simpleString,
} from '../../src/base/index.js';
import { type BinaryStyle, type HiveFormat, hiveText } from './hive-text.js';
import { type Expectation, expectationOf, type Outcome, sameAnswer } from './judge.js';
import { readStatements, type Statement, type StatementFile, testDataFolder } from './statement-file.js';
import { createTestTables } from './test-tables.js';

/** The zone that Spark's suite runs in. */
const TIME_ZONE = 'America/Los_Angeles';

const ANSI = 'spark.sql.ansi.enabled';
const INTERVALS = 'spark.sql.legacy.interval.enabled';

/** What a case gave. */
export interface CaseResult {
  readonly index: number;
  readonly passed: boolean;
  readonly expected: string;
  readonly got: string;
}

/** What is read of a frame beyond its public interface: the engine's own batches keep twin names and exact values. */
interface OpenFrame {
  readonly plan: unknown;
  readonly context: {
    readonly settings: { readonly timeZone: string };
    readonly engine: {
      readonly heap: SharedHeap;
      run(plan: unknown, options: object): Promise<{ schema: Schema; batches: AsyncIterable<Batch> }>;
    };
  };
}

/**
 * Runs one file's statements in a session of their own; cases before `from` and those not in `only` are left
 * out, what prepares the ground is not. `report` hears of every case as soon as it is judged.
 */
export async function runFile(
  folder: string,
  name: string,
  { from, only }: { readonly from: number; readonly only?: ReadonlySet<number> | undefined },
  begin: (index: number) => void,
  report: (result: CaseResult) => void,
): Promise<void> {
  const file = readStatements(join(folder, name));
  const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-conformance-'));
  const settings = settingsOf(file);
  const session = await Session.create({
    workers: 1,
    memory: '1GB',
    timeZone: TIME_ZONE,
    ansi: (settings[ANSI] ?? String(file.ansi)) === 'true',
    timestampType: file.timestampType === 'TIMESTAMP_NTZ' ? 'ntz' : 'ltz',
    config: { ...settings, 'spark.sql.warehouse.dir': warehouse },
  });
  try {
    createTestTables(session, testDataFolder(folder), file.steps.map((step) => step.sql).join('\n'));
    for (const [index, step] of file.steps.entries()) {
      if (step.setup !== true && (index < from || only?.has(index) === false)) continue;
      begin(index);
      if (step.setup === true) await prepare(session, step);
      else report(judged(index, await outcome(session, step), expectationOf(step)));
    }
  } finally {
    await session.stop();
    rmSync(warehouse, { recursive: true, force: true });
  }
}

/** The `--SET` lines of a file: `name=value`, several with commas. */
function settingsOf(file: StatementFile): Record<string, string> {
  // The suite has it so for the files that come from PostgreSQL.
  const settings: Record<string, string> = file.file.startsWith('postgreSQL/') ? { [INTERVALS]: 'true' } : {};
  for (const [kind, text] of file.directives) {
    if (kind !== 'SET') continue;
    for (const part of text.split(',')) {
      const [name = '', value = ''] = part.split('=');
      settings[name.trim()] = value.trim();
    }
  }
  return settings;
}

async function prepare(session: Session<DefaultValues>, { sql }: Statement): Promise<void> {
  try {
    await session.execute(sql);
  } catch (error) {
    // Later cases tell: what could not be prepared fails there.
    if (process.env.SPARROW_VERBOSE) console.error(`setup failed: ${sql}\n  ${String(error)}`);
  }
}

async function outcome(session: Session<DefaultValues>, { sql }: Statement): Promise<Outcome> {
  try {
    const frame = session.sql(sql) as unknown as OpenFrame;
    const { engine, settings } = frame.context;
    const query = await engine.run(frame.plan, { settings });
    const style = (session.conf.get('spark.sql.binaryOutputStyle', 'UTF-8') ?? 'UTF-8') as BinaryStyle;
    const format: HiveFormat = { timeZone: settings.timeZone, binary: style };
    return { kind: 'rows', schema: schemaText(query.schema), rows: await textRows(engine.heap, query, format) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    const { message } = error as Error;
    return { kind: 'error', code: error instanceof SparrowError ? error.condition : `(${String(code)})`, message };
  }
}

async function textRows(
  heap: SharedHeap,
  query: { schema: Schema; batches: AsyncIterable<Batch> },
  format: HiveFormat,
): Promise<string[]> {
  const rows: string[] = [];
  const { fields } = query.schema;
  for await (const batch of query.batches) {
    const columns = batch.columns.map((column): Scalar[] => readColumn(heap, column));
    for (let row = 0; row < batch.rows; row++) {
      const cells = fields.map((f, c) => hiveText(f.type, columns[c]?.[row] ?? null, format));
      rows.push(cells.join('\t'));
    }
  }
  return rows;
}

const schemaText = (schema: Schema): string =>
  `struct<${schema.fields.map((f) => `${f.name}:${simpleString(f.type)}`).join(',')}>`;

function judged(index: number, got: Outcome, expected: Expectation): CaseResult {
  return { index, passed: sameAnswer(got, expected), expected: shown(expected), got: shown(got) };
}

const LONGEST = 2000;

function shown(outcome: Outcome | Expectation): string {
  const text =
    outcome.kind === 'error'
      ? `error ${outcome.code ?? 'of any class'}${'message' in outcome ? `: ${outcome.message}` : ''}`
      : `${outcome.schema}\n${outcome.rows.join('\n')}`;
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
