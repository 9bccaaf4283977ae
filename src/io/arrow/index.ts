import type { Format } from '../../base/index.js';
import { openArrow } from './open.js';
import { arrowReader } from './read.js';
import { createArrowWriter } from './write.js';

export const arrowFormat: Format = {
  name: 'arrow',
  extensions: ['.arrow', '.arrows', '.feather', '.ipc'],
  open: openArrow,
  reader: arrowReader,
  createWriter: createArrowWriter,
};
