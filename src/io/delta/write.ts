import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { type Field, field, type Platform, SparrowError, type WrittenFile } from '../../base/index.js';
import { nullable } from '../parquet/adapt.js';
import type { PreparedWrite, TableWrite } from '../table-write.js';
import type { WritePlan } from '../write-job.js';
import { removeStaging, settleWrites } from '../write-journal.js';
import { beginStaging, stagingPath } from '../write-owner.js';
import type { Action, AddFile, Metadata } from './actions.js';
import { addFile } from './add-file.js';
import { commitChange, removeFile } from './commit.js';
import { keyOf, readSnapshot, type Snapshot } from './log.js';
import { partitionScalar } from './open.js';
import { checkWritable, isAppendOnly, protocolFor } from './protocol.js';
import { deltaColumns } from './schema.js';
import { fieldJson, schemaJson } from './schema-json.js';
import { checkpointIfDue } from './write-checkpoint.js';
import { type DeltaWriteOptions, deltaWriteOptions } from './write-options.js';

const LOG = '_delta_log';

/** Prepares a write to a Delta table: files are written aside, and count when the log has them. */
export async function prepareDeltaWrite(request: TableWrite, platform: Platform): Promise<PreparedWrite> {
  const { files } = platform;
  const target = resolve(request.path);
  const options = deltaWriteOptions(request.options);
  const base = await currentSnapshot(target, options, platform);
  const { mode } = request;
  const names = base === undefined && files.stat(target) !== undefined ? files.names(target) : [];
  // A log without a version: a first write was cut off, and its files belong to nobody.
  const found = base !== undefined || (names.length > 0 && !names.includes(LOG));
  if (found && mode === 'error') {
    throw new SparrowError('DELTA_PATH_EXISTS', `${request.path} already exists`, {
      where: `path ${request.path}`,
      hint: 'set the mode to "overwrite" to replace the rows, or to "append" to add some',
    });
  }
  if (found && base === undefined && mode !== 'ignore') {
    throw new SparrowError('DELTA_MISSING_DELTA_TABLE', `${request.path} has files, but is no Delta table`, {
      where: `path ${request.path}`,
      hint: 'write to another path',
    });
  }
  const partitionBy = partitionColumns(request, base, options);
  if (base !== undefined) checkWritable(base.protocol, base.metadata, `Delta table ${target}`);
  const id = randomUUID();
  const staging = stagingPath(target, id.replaceAll('-', ''));
  const plan: WritePlan = { target, kind: 'directory', mode, dynamic: request.dynamic, staging, id };
  const done = options.txn !== undefined && hasTransaction(base, options.txn);
  const skip = (found && mode === 'ignore') || done;
  settleWrites(files, target, true);
  if (!skip) {
    beginStaging(staging);
    files.makeDirectory(join(staging, 'tasks'));
  }
  return new DeltaWrite(plan, skip, partitionBy, { ...request, path: target }, base, options, platform);
}

async function currentSnapshot(
  root: string,
  { version }: DeltaWriteOptions,
  platform: Platform,
): Promise<Snapshot | undefined> {
  const log = join(root, LOG);
  if (!platform.files.names(log).some((name) => /^\d{20}\.(json|checkpoint)/.test(name))) return undefined;
  return readSnapshot(root, version === undefined ? {} : { version }, platform);
}

const hasTransaction = (base: Snapshot | undefined, txn: { appId: string; version: number }): boolean =>
  base?.transactions.some((known) => known.appId === txn.appId && known.version >= txn.version) ?? false;

/** The table's partition columns, which a write cannot change unless it replaces the schema. */
function partitionColumns(
  { partitionBy, mode, path }: TableWrite,
  base: Snapshot | undefined,
  { overwriteSchema }: DeltaWriteOptions,
): readonly string[] {
  const known = base?.metadata.partitionColumns;
  if (known === undefined || (mode === 'overwrite' && overwriteSchema)) return partitionBy;
  const same =
    partitionBy.length === known.length && partitionBy.every((p, i) => p.toLowerCase() === known[i]?.toLowerCase());
  if (partitionBy.length === 0 || same) return known;
  throw new SparrowError(
    'DELTA_METADATA_MISMATCH',
    `the table is partitioned by (${known.join(', ')}), not by (${partitionBy.join(', ')})`,
    { where: `Delta table ${path}`, hint: "leave partitionBy out, or overwrite with the option 'overwriteSchema'" },
  );
}

class DeltaWrite implements PreparedWrite {
  readonly namesInstants = true;
  #ended = false;

  constructor(
    readonly plan: WritePlan,
    readonly skip: boolean,
    readonly partitionBy: readonly string[],
    private readonly request: TableWrite,
    private readonly base: Snapshot | undefined,
    private readonly options: DeltaWriteOptions,
    private readonly platform: Platform,
  ) {}

  async commit(written: readonly WrittenFile[]): Promise<boolean> {
    if (this.#ended || this.skip) return false;
    const { platform, plan } = this;
    const { files } = platform;
    let version: number;
    try {
      const adds = written.map((file) => addFile(file, plan.target, platform));
      const change = {
        root: plan.target,
        base: this.base,
        actions: this.#actions(adds),
        readsRows: this.options.removed !== undefined,
        info: this.#info(written),
      };
      // Before any file: without it they would be those of somebody else.
      files.makeDirectory(join(plan.target, LOG));
      files.syncDirectory(plan.target);
      const made = new Set<string>();
      for (const { temporaryPath, finalPath } of written) {
        const directory = dirname(finalPath);
        if (!made.has(directory)) files.makeDirectory(directory);
        made.add(directory);
        files.rename(temporaryPath, finalPath);
      }
      for (const directory of made) files.syncDirectory(directory);
      version = commitChange(change, join(plan.staging, 'commit.draft'), platform);
    } catch (error) {
      for (const { finalPath } of written) files.remove(finalPath);
      this.abort();
      throw error;
    }
    this.abort();
    // The rows are in the table: what a checkpoint would save readers is no reason to fail.
    await checkpointIfDue(plan.target, version, platform).catch(() => undefined);
    return true;
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.skip) removeStaging(this.platform.files, this.plan.staging);
  }

  #actions(adds: readonly AddFile[]): Action[] {
    const { base, options } = this;
    const now = Math.floor(this.platform.clock.now());
    const removes = this.#removed(adds).map((file) => ({ remove: removeFile(file, now) }));
    if (removes.length > 0 && base !== undefined && isAppendOnly(base.metadata)) {
      throw new SparrowError('DELTA_CANNOT_MODIFY_APPEND_ONLY', 'the table only takes more rows', {
        where: `Delta table ${this.plan.target}`,
      });
    }
    const metadata = this.#metadata(now);
    return [
      ...(base === undefined ? [{ protocol: protocolFor(this.request.columns) }] : []),
      ...(metadata === undefined ? [] : [{ metaData: metadata }]),
      ...(options.txn === undefined ? [] : [{ txn: { ...options.txn, lastUpdated: now } }]),
      ...removes,
      ...adds.map((add) => ({ add: options.dataChange ? add : { ...add, dataChange: false } })),
    ].map((action) => ('remove' in action && !options.dataChange ? notChanging(action) : action));
  }

  /** The files that the write takes out of the table. */
  #removed(adds: readonly AddFile[]): readonly AddFile[] {
    const { base, options, plan } = this;
    if (base === undefined) return [];
    if (options.removed !== undefined) {
      const gone = new Set(options.removed);
      return base.files.filter((file) => gone.has(keyOf(file)));
    }
    if (plan.mode !== 'overwrite') return [];
    if (!plan.dynamic || this.partitionBy.length === 0) return base.files;
    // By value: a time of 10:00 is written in more than one way.
    const kinds = this.partitionBy.map(
      (name) => [name, this.request.columns.find((c) => c.name === name)?.type] as const,
    );
    const partition = ({ partitionValues }: AddFile): string =>
      JSON.stringify(
        kinds.map(([name, type]) => {
          const text = partitionValues[name] || null;
          return type?.kind === 'timestamp' ? String(partitionScalar(text, type, this.request.zone)) : text;
        }),
      );
    const replaced = new Set(adds.map(partition));
    return base.files.filter((file) => replaced.has(partition(file)));
  }

  /** The table's metadata when it is new or its columns change. */
  #metadata(now: number): Metadata | undefined {
    const { base, options, partitionBy, request } = this;
    const fields = request.columns.map((f) => field(f.name, nullable(f.type), f.nullable || base !== undefined));
    if (base === undefined || (options.overwriteSchema && request.mode === 'overwrite')) {
      const schemaString = schemaJson(request.columns.map((f) => field(f.name, nullable(f.type), true)));
      if (schemaString === base?.metadata.schemaString) return undefined;
      const old = base?.metadata;
      return {
        id: old?.id ?? randomUUID(),
        format: { provider: 'parquet', options: {} },
        schemaString,
        partitionColumns: partitionBy,
        configuration: old?.configuration ?? options.properties,
        createdTime: old?.createdTime ?? now,
      };
    }
    const known = new Set(
      deltaColumns(base.metadata.schemaString, false, this.plan.target).map(({ name }) => name.toLowerCase()),
    );
    const added = fields.filter(({ name }) => !known.has(name.toLowerCase()));
    if (added.length > 0 && !options.mergeSchema) throw unknownColumns(added, this.plan.target);
    const schema = JSON.parse(base.metadata.schemaString) as { fields: JsonField[] };
    const given = fields.map((f) => fieldJson(f) as unknown as JsonField);
    const grown = options.mergeSchema ? schema.fields.map((f) => withAdded(f, named(given, f))) : schema.fields;
    if (added.length === 0 && grown.every((f, i) => f === schema.fields[i])) return undefined;
    const schemaString = JSON.stringify({ ...schema, fields: [...grown, ...added.map(fieldJson)] });
    return { ...base.metadata, schemaString };
  }

  #info(written: readonly WrittenFile[]) {
    const { options, request, partitionBy } = this;
    const sum = (of: 'rows' | 'bytes') => String(written.reduce((total, file) => total + file[of], 0));
    const mode = { append: 'Append', overwrite: 'Overwrite', ignore: 'Ignore', error: 'ErrorIfExists' }[request.mode];
    return {
      operation: options.operation ?? 'WRITE',
      operationParameters: options.parameters ?? { mode, partitionBy: JSON.stringify(partitionBy) },
      operationMetrics: {
        numFiles: String(written.length),
        numOutputRows: sum('rows'),
        numOutputBytes: sum('bytes'),
        ...(options.removed === undefined ? {} : { numRemovedFiles: String(options.removed.length) }),
      },
      ...(options.userMetadata === undefined ? {} : { userMetadata: options.userMetadata }),
    };
  }
}

interface JsonField {
  readonly name: string;
  readonly type: string | { readonly fields?: readonly JsonField[] };
}

const named = (fields: readonly JsonField[], { name }: JsonField): JsonField | undefined =>
  fields.find((f) => f.name.toLowerCase() === name.toLowerCase());

/** A field of the table's schema with the fields of structs that the given one has more; what else is said of it stays. */
function withAdded(old: JsonField, given: JsonField | undefined): JsonField {
  const { type } = old;
  if (typeof type === 'string' || typeof given?.type !== 'object') return old;
  if (type.fields === undefined || given.type.fields === undefined) return old;
  const own = given.type.fields;
  const kept = type.fields.map((f) => withAdded(f, named(own, f)));
  const added = own.filter((f) => named(kept, f) === undefined);
  if (added.length === 0 && kept.every((f, i) => f === type.fields?.[i])) return old;
  return { ...old, type: { ...type, fields: [...kept, ...added].map((f) => ({ ...f, nullable: true })) } };
}

const notChanging = (action: Action): Action =>
  action.remove ? { remove: { ...action.remove, dataChange: false } } : action;

function unknownColumns(added: readonly Field[], root: string): SparrowError {
  const names = added.map(({ name }) => `\`${name}\``).join(', ');
  return new SparrowError('DELTA_METADATA_MISMATCH', `the table has no columns ${names}`, {
    where: `Delta table ${root}`,
    hint: "the option 'mergeSchema' adds them to the table",
  });
}
