import type { Format } from '../../base/index.js';
import { createParquetWriter } from '../parquet/write.js';
import { openDelta } from './open.js';
import { deltaReader } from './read.js';
import { fileOptions } from './write-options.js';

/** Delta Lake tables. */
export const deltaFormat: Format = {
  name: 'delta',
  extensions: [],
  open: openDelta,
  reader: deltaReader,
  createWriter: (path, columns, options, context) => createParquetWriter(path, columns, fileOptions(options), context),
};
