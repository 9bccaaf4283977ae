/** Which rows of its result a streaming query gives. */
export type OutputMode = 'append' | 'update' | 'complete';
