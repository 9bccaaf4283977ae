import type { Format } from '../../base/index.js';
import { openParquet } from './open.js';
import { parquetReader } from './read.js';
import { parquetRemote } from './remote.js';
import { createParquetWriter } from './write.js';

export const parquetFormat: Format = {
  name: 'parquet',
  extensions: ['.parquet', '.parq', '.pq'],
  open: openParquet,
  reader: parquetReader,
  remote: parquetRemote,
  createWriter: createParquetWriter,
};
