import { SparrowError } from '../base/index.js';

/** What a recursive query raises that does not end. */
export const tooDeep = (level: number): SparrowError =>
  new SparrowError('RECURSION_LEVEL_LIMIT_EXCEEDED', `a recursive query did not end after ${level} rounds`, {
    sqlState: '42836',
    parameters: { levelLimit: `${level}` },
    hint: 'give its step a condition that ends it',
  });
