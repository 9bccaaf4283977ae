import type { Operation } from './operation.js';
import { dateOperations } from './operations-date.js';
import { listOperations } from './operations-list.js';
import { scalarOperations } from './operations-scalar.js';
import { stringOperations } from './operations-string.js';

/** Every operation that expressions are drawn from, each once. */
export const operations: readonly Operation[] = [
  ...scalarOperations,
  ...stringOperations,
  ...dateOperations,
  ...listOperations,
].filter((operation, i, all) => all.findIndex((other) => other.key === operation.key) === i);
