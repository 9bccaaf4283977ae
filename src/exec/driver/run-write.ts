import { engineBug, field, nearestNames, SparrowError, type WrittenFile } from '../../base/index.js';
import { type FormatEntry, formats } from '../../io/registry.js';
import type { PreparedWrite } from '../../io/table-write.js';
import { prepareWrite } from '../../io/write-job.js';
import type { WriteResult } from '../../plan/engine.js';
import type { WritePlan } from '../../plan/node.js';
import type { PhysicalPlan } from '../physical.js';
import type { SinkSpec, SourceColumn, WriteSink } from '../task/spec.js';
import type { Executor } from './executor.js';
import { mergedColumns, withFewFiles } from './flow.js';

/** Writes a plan's rows as files: all of them or, when anything goes wrong, none. */
export async function runWrite(executor: Executor, plan: WritePlan, input: PhysicalPlan): Promise<WriteResult> {
  const names = input.columns.map((c) => c.name);
  const { options, ...limits } = fileLimits(plan.options);
  const job = await prepare(executor, plan, input, jobName(plan.options));
  if (job.skip) return NOTHING;
  try {
    const partitionBy = (job.partitionBy ?? plan.partitionBy).map((name) => columnNamed(name, names));
    const extension = extensionOf(plan);
    const { namesInstants = false } = job;
    const { bucketed } = plan;
    const sink = (columns: readonly SourceColumn[], evenIfEmpty: boolean): SinkSpec => ({
      kind: 'write',
      columns,
      names,
      format: plan.format,
      extension,
      options,
      plan: job.plan,
      partitionBy,
      evenIfEmpty,
      ...limits,
      namesInstants,
      ...(bucketed === undefined ? {} : { bucketed }),
    });
    const flow = await executor.open(input);
    // Files of one output have one schema, whatever feeds them.
    const columns = mergedColumns(flow, input.columns).map(({ type, nullable }) => ({ type, nullable }));
    const { limitBytes } = executor.query.heap;
    const tasks = flow.map((part) => withFewFiles(part, limitBytes));
    const files = await written(executor, tasks, sink(columns, false));
    // A folder without rows still tells its columns by a file; a table has them anyway.
    const isFolder = entryOf(plan.format)?.prepareWrite === undefined;
    if (files.length === 0 && partitionBy.length === 0 && isFolder) {
      const none = {
        ...executor.batchPart(input.columns, []),
        inputs: [{ kind: 'batches' as const, batches: [], firstRow: 0, skip: 0 }],
      };
      files.push(...(await written(executor, [none], sink(columns, true))));
    }
    if (!(await job.commit(files))) return NOTHING;
    const sum = (of: 'rows' | 'bytes') => files.reduce((total, file) => total + file[of], 0);
    return { files: files.length, rows: sum('rows'), bytes: sum('bytes') };
  } catch (error) {
    job.abort();
    throw error;
  }
}

const NOTHING: WriteResult = { files: 0, rows: 0, bytes: 0 };
const JOB = 'jobid';
const MAX_JOB_BYTES = 200;

/** The file name that says that a write of this job is done; undefined without the option `jobId`. */
function jobName(given: Readonly<Record<string, string>>): string | undefined {
  const [, id] = Object.entries(given).find(([name]) => name.toLowerCase() === JOB) ?? [];
  const name = id === undefined ? undefined : `job-${encodeURIComponent(id)}`;
  if (id === '' || (name?.length ?? 0) > MAX_JOB_BYTES)
    throw new SparrowError('INVALID_OPTION', `the option jobId is ${JSON.stringify(id?.slice(0, 60))}`, {
      hint: 'it must be a name of the job, of at most 200 bytes',
    });
  return name;
}

const LIMITS = { maxrecordsperfile: 'maxRows', targetfilesize: 'maxBytes' } as const;

/** Where files end, and the options that are the format's. */
function fileLimits(given: Readonly<Record<string, string>>): Pick<WriteSink, 'options' | 'maxRows' | 'maxBytes'> {
  const options = { ...given };
  const limits: { maxRows?: number; maxBytes?: number } = {};
  for (const [name, text] of Object.entries(given)) {
    const limit = LIMITS[name.toLowerCase() as keyof typeof LIMITS];
    if (limit !== undefined || name.toLowerCase() === JOB) delete options[name];
    if (limit === undefined) continue;
    if (!Number.isSafeInteger(Number(text)))
      throw new SparrowError('INVALID_OPTION', `the option ${name} is ${JSON.stringify(text)}`, {
        hint: 'it must be a whole number; 0 or less is no limit',
      });
    if (Number(text) > 0) limits[limit] = Number(text);
  }
  return { options, ...limits };
}

const entryOf = (format: string): FormatEntry | undefined => formats.find((f) => f.name === format);

async function prepare(
  { scheduler, settings }: Executor,
  plan: WritePlan,
  input: PhysicalPlan,
  job: string | undefined,
): Promise<PreparedWrite> {
  const { path, mode, options } = plan;
  const names = input.columns.map((c) => c.name);
  const partitionBy = plan.partitionBy.map((name) => names[columnNamed(name, names)] as string);
  if (partitionBy.length > 0 && partitionBy.length === names.length) {
    throw new SparrowError('ALL_PARTITION_COLUMNS_NOT_ALLOWED', 'every column is a partition column', {
      hint: 'leave at least one column for the files',
    });
  }
  const asked = plan.dynamic === true;
  const own = entryOf(plan.format)?.prepareWrite;
  if (own === undefined) {
    const { once = job, within } = plan;
    const dynamic = asked && partitionBy.length > 0;
    const more = { ...(once === undefined ? {} : { once }), ...(within === undefined ? {} : { within }) };
    return prepareWrite(scheduler.platform, { path, mode, dynamic, ...more });
  }
  const columns = input.columns.map(({ name, type, nullable }) => field(name, type, nullable));
  const { timeZone: zone } = settings;
  return own({ path, mode, dynamic: asked, columns, partitionBy, options, zone }, scheduler.platform);
}

async function written(
  executor: Executor,
  flow: Awaited<ReturnType<Executor['open']>>,
  sink: SinkSpec,
): Promise<WrittenFile[]> {
  const files: WrittenFile[] = [];
  for await (const done of executor.results(flow, () => sink)) {
    if (done.output.kind !== 'files') throw engineBug('files expected');
    files.push(...done.output.files);
    executor.query.release(done.arena);
  }
  return files;
}

function columnNamed(name: string, names: readonly string[]): number {
  const index = names.findIndex((n) => n.toLowerCase() === name.toLowerCase());
  if (index >= 0) return index;
  throw new SparrowError('UNRESOLVED_COLUMN', `there is no column \`${name}\` to partition by`, {
    candidates: nearestNames(name, names),
  });
}

/** What a written file is called at the end: text formats say how they are compressed, Parquet says so inside. */
function extensionOf({ format, options }: WritePlan): string {
  const plain = entryOf(format === 'delta' ? 'parquet' : format)?.extensions[0] ?? '';
  const [, codec] = Object.entries(options).find(([name]) => name.toLowerCase() === 'compression') ?? [];
  const suffix = format === 'parquet' || format === 'delta' ? undefined : COMPRESSED[codec?.toLowerCase() ?? ''];
  return suffix === undefined ? plain : `${plain}${suffix}`;
}

const COMPRESSED: Readonly<Record<string, string | undefined>> = {
  gzip: '.gz',
  deflate: '.deflate',
  zstd: '.zst',
  brotli: '.br',
};
