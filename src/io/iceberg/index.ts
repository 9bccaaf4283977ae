import type { Format } from '../../base/index.js';
import { openIceberg } from './open.js';
import { icebergReader } from './read.js';

/** Apache Iceberg tables, read. */
export const icebergFormat: Format = {
  name: 'iceberg',
  extensions: [],
  locate: async (given) => ('uri' in given.options ? (await import('./rest.js')).fromCatalog(given) : given),
  open: openIceberg,
  reader: icebergReader,
};
