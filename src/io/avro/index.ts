import type { Format } from '../../base/index.js';
import { openAvro } from './open.js';
import { avroReader } from './read.js';

/** Avro container files, read. */
export const avroFormat: Format = { name: 'avro', extensions: ['.avro'], open: openAvro, reader: avroReader };
