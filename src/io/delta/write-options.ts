import { SparrowError } from '../../base/index.js';

/** What a write to a Delta table is told beside its rows. */
export interface DeltaWriteOptions {
  readonly mergeSchema: boolean;
  readonly overwriteSchema: boolean;
  readonly userMetadata?: string;
  readonly txn?: { readonly appId: string; readonly version: number };
  /** Table properties of a new table: options whose names begin with `delta.`. */
  readonly properties: Readonly<Record<string, string>>;
  /** Of a change of rows: the version it read, the files it replaces, what it is called. */
  readonly version?: number;
  readonly removed?: readonly string[];
  readonly operation?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly dataChange: boolean;
}

/** The option in which a change of rows (delete, update, merge, …) says what it replaces. */
export const CHANGE_OPTION = 'sparrow.delta.change';

export interface DeltaChangeOption {
  readonly version: number;
  readonly removed?: readonly string[];
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const OURS = new Set(
  [
    'mergeSchema',
    'overwriteSchema',
    'userMetadata',
    'txnAppId',
    'txnVersion',
    'jobId',
    'dataChange',
    CHANGE_OPTION,
  ].map((name) => name.toLowerCase()),
);

/** The options of a write that are Delta's. */
export function deltaWriteOptions(given: Readonly<Record<string, string>>): DeltaWriteOptions {
  const byName = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const flag = (name: string, fallback = false): boolean => {
    const text = byName.get(name.toLowerCase())?.toLowerCase();
    if (text === undefined || text === 'true' || text === 'false')
      return text === undefined ? fallback : text === 'true';
    throw new SparrowError('INVALID_OPTION', `the Delta option ${name} is ${JSON.stringify(text)}`, {
      hint: 'it must be true or false',
    });
  };
  const job = byName.get('jobid');
  const [appId = job, version = job && '0'] = [byName.get('txnappid'), byName.get('txnversion')];
  if ((appId === undefined) !== (version === undefined) || !Number.isSafeInteger(Number(version ?? 0))) {
    throw new SparrowError('INVALID_OPTION', 'the Delta options txnAppId and txnVersion go together', {
      hint: 'txnVersion is a whole number that grows from write to write',
    });
  }
  const userMetadata = byName.get('usermetadata');
  const change = byName.get(CHANGE_OPTION);
  return {
    mergeSchema: flag('mergeSchema'),
    overwriteSchema: flag('overwriteSchema'),
    dataChange: flag('dataChange', true),
    properties: Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('delta.'))),
    ...(userMetadata === undefined ? {} : { userMetadata }),
    ...(appId === undefined ? {} : { txn: { appId, version: Number(version) } }),
    ...(change === undefined ? {} : (JSON.parse(change) as DeltaChangeOption)),
  };
}

/** The options that are those of the data files. */
export function fileOptions(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => !OURS.has(name.toLowerCase()) && !name.startsWith('delta.')),
  );
}
