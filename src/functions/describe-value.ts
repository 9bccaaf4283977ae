import { type DataType, type Scalar, simpleString } from '../base/index.js';
import { decimalText } from './decimal.js';

const LONGEST = 40;

/** A value as SQL would write it, cut when long. */
export function describeValue(type: DataType, value: Scalar): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${cut(value)}'`;
  if (typeof value === 'bigint' && type.kind === 'decimal') return decimalText(value, type.scale);
  if (value instanceof Uint8Array) return `X'${cut(Buffer.from(value).toString('hex').toUpperCase())}'`;
  if (typeof value === 'object') return simpleString(type);
  return String(value);
}

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`);
