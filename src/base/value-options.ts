/** How values appear in the rows a user gets. */
export interface ValueOptions {
  /** `number` refuses integers that a JS number cannot hold exactly. */
  readonly int64: 'number' | 'bigint' | 'string';
  readonly decimal: 'string' | 'number';
  readonly date: 'date' | 'string';
  /** `date` has milliseconds, `string` is ISO 8601, `micros` a bigint. */
  readonly timestamp: 'date' | 'string' | 'micros';
  readonly map: 'map' | 'object';
}

export const DEFAULT_VALUE_OPTIONS: ValueOptions = Object.freeze({
  int64: 'number',
  decimal: 'string',
  date: 'date',
  timestamp: 'date',
  map: 'map',
});
