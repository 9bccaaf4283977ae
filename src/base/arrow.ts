// The only way in and out of apache-arrow. Not part of base's index: importing base must not load it.
export { fromArrowTable } from './arrow-in.js';
export { type ToArrowOptions, toArrowTable } from './arrow-out.js';
export { fromArrowSchema, fromArrowType, toArrowField, toArrowType } from './arrow-types.js';
