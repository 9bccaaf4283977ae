import { type ReadableFile, SparrowError, type TaskContext } from '../base/index.js';

/** A file as it was when the query was planned. */
export interface PlannedFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/** Opens the file of a split, which must not have changed since it was planned. */
export function openUnchanged(payload: PlannedFile, context: TaskContext): ReadableFile {
  const file = (context.files ?? context.platform.files).open(payload.path);
  if (file.size === payload.size && file.modifiedMs === payload.modifiedMs) return file;
  file.close();
  throw new SparrowError('FILE_CHANGED', 'the file was changed after the query was planned', {
    where: `file ${payload.path}`,
    hint: 'run the query again',
  });
}
