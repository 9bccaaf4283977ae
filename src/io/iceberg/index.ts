import type { Format } from '../../base/index.js';
import { openIceberg } from './open.js';
import { icebergReader } from './read.js';

/** Apache Iceberg tables, read. */
export const icebergFormat: Format = { name: 'iceberg', extensions: [], open: openIceberg, reader: icebergReader };
