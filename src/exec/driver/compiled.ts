/* What runs plans as compiled code: loaded by the first query that wants it. */
export { Executor } from './executor.js';
export { Scheduler } from './scheduler.js';
