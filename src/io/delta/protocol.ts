import { type Field, SparrowError } from '../../base/index.js';
import type { Metadata, Protocol } from './actions.js';
import { holds } from './schema-json.js';

/** What a writer must do, or see that nobody asks for it, to leave a table right. */
const WRITER_FEATURES = [
  'appendOnly',
  'invariants',
  'checkConstraints',
  'changeDataFeed',
  'generatedColumns',
  'columnMapping',
  'identityColumns',
  'deletionVectors',
  'timestampNtz',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'inCommitTimestamp',
  'variantType',
  'variantType-preview',
];
const FEATURES_FROM_VERSION = 7;
const LAST_LEGACY_VERSION = 6;

/** The protocol of a new table: the oldest that has what its columns need. */
export function protocolFor(fields: readonly Field[]): Protocol {
  const features = [
    ...(fields.some((f) => holds(f.type, 'timestamp_ntz')) ? ['timestampNtz'] : []),
    ...(fields.some((f) => holds(f.type, 'variant')) ? ['variantType'] : []),
  ];
  if (features.length === 0) return { minReaderVersion: 1, minWriterVersion: 2 };
  return {
    minReaderVersion: 3,
    minWriterVersion: FEATURES_FROM_VERSION,
    readerFeatures: features,
    writerFeatures: [...features, 'appendOnly', 'invariants'],
  };
}

/** Refuses tables whose rules a write of ours would break. */
export function checkWritable(protocol: Protocol, metadata: Metadata, where: string): void {
  const refuse = (what: string): never => {
    throw new SparrowError('DELTA_UNSUPPORTED_FEATURES_FOR_WRITE', `the table needs ${what}`, {
      where,
      hint: 'write it with an engine that knows the feature',
    });
  };
  const unknown = (protocol.writerFeatures ?? []).filter((name) => !WRITER_FEATURES.includes(name));
  if (unknown.length > 0) refuse(`the features ${unknown.join(', ')}`);
  const version = protocol.minWriterVersion;
  if (version > LAST_LEGACY_VERSION && version !== FEATURES_FROM_VERSION) refuse(`writer version ${version}`);
  const configuration = metadata.configuration ?? {};
  if ((configuration['delta.columnMapping.mode'] ?? 'none') !== 'none') refuse('column mapping');
  if (configuration['delta.enableChangeDataFeed'] === 'true') refuse('a change data feed');
  if (configuration['delta.enableRowTracking'] === 'true') refuse('row tracking');
  const constraint = Object.keys(configuration).find((name) => name.startsWith('delta.constraints.'));
  if (constraint !== undefined) refuse(`the constraint ${constraint.slice('delta.constraints.'.length)}`);
  const special = /"delta\.(invariants|generationExpression|identity\.start)"/.exec(metadata.schemaString);
  if (special !== null) refuse(`columns with ${special[1]}`);
}

export const isAppendOnly = (metadata: Metadata): boolean => metadata.configuration?.['delta.appendOnly'] === 'true';
