import { SparrowError } from '../../base/index.js';

/** Metadata that does not say what the format's specification demands. */
export function damagedTable(what: string, where: string, cause?: unknown): SparrowError {
  return new SparrowError('ICEBERG_METADATA_CORRUPT', `the metadata of the Iceberg table cannot be read: ${what}`, {
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function unsupportedTable(kind: string, what: string, where: string, hint?: string): SparrowError {
  return new SparrowError(`UNSUPPORTED_FEATURE.ICEBERG_${kind}`, what, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
