import { SparrowError } from '../../base/index.js';

/** Where in a file something is, for messages. */
export interface Place {
  readonly file: string;
  readonly rowGroup?: number;
  readonly column?: string;
}

export function placeText(place: Place): string {
  const parts = [`file ${place.file}`];
  if (place.rowGroup !== undefined) parts.push(`row group ${place.rowGroup}`);
  if (place.column !== undefined) parts.push(`column ${place.column}`);
  return parts.join(', ');
}

/** The file does not hold what the format promises. */
export function corrupt(place: Place, what: string, cause?: unknown): SparrowError {
  return new SparrowError('FAILED_READ_FILE', `the Parquet file is damaged: ${what}`, {
    where: placeText(place),
    hint: 'check that the file was written and copied completely, then write it again',
    cause,
  });
}

/** The file is not Parquet, or its footer cannot be understood. */
export function badFooter(file: string, what: string, cause?: unknown): SparrowError {
  return new SparrowError('CANNOT_READ_FILE_FOOTER', `the Parquet footer cannot be read: ${what}`, {
    where: placeText({ file }),
    hint: 'check that it is a complete Parquet file',
    cause,
  });
}

/** The file is sound, but uses something this reader does not support. */
export function unsupported(place: Place, what: string, hint: string): SparrowError {
  return new SparrowError('UNSUPPORTED_PARQUET_FEATURE', what, { where: placeText(place), hint });
}
