import { booleanType, type Scalar, SparrowError, stringType } from '../base/index.js';
import { scalar } from './define.js';
import { anyString, justString, type Param, takes } from './implicit.js';

const rare = 'a call per row: rare';

/** A string, or binary as it is: bytes that are no UTF-8 only come from there. */
const textBytes: Param = {
  wants: 'string',
  accept: (type) => (type.kind === 'binary' ? type : anyString.accept(type)),
};

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function validText(value: Scalar): string | undefined {
  if (typeof value === 'string') return value;
  try {
    return strict.decode(new Uint8Array(value as Uint8Array));
  } catch {
    return undefined;
  }
}

const lenient = (value: Scalar): string =>
  typeof value === 'string'
    ? value
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(value as Uint8Array));

/** Whether the last digit of a number is its check digit (Luhn 1954); the empty text is not. */
function luhn(text: string): boolean {
  if (!/^\d+$/.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48;
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** What stands for upper case letters, lower case letters, digits and the rest; null leaves them. */
function mask(text: string, [upper, lower, digit, other]: readonly (string | null)[]): string {
  let out = '';
  for (const c of text) {
    const by = /\p{Lu}/u.test(c) ? upper : /\p{Ll}/u.test(c) ? lower : /\p{Nd}/u.test(c) ? digit : other;
    out += by ?? c;
  }
  return out;
}

const MASK = ['X', 'x', 'n', null] as const;

/** Strings that are checked, hidden and quoted. */
export const stringCheckFunctions = {
  isValidUtf8: scalar({
    name: 'isValidUtf8',
    sql: ['is_valid_utf8'],
    summary: 'Whether the bytes of a string are UTF-8.',
    examples: [
      ["is_valid_utf8('Spark')", 'true'],
      ["is_valid_utf8(x'80')", 'false'],
    ],
    resolve: takes([textBytes], booleanType),
    nulls: 'propagate',
    eval: ([value]) => validText(value as Scalar) !== undefined,
    compiled: rare,
  }),
  makeValidUtf8: scalar({
    name: 'makeValidUtf8',
    sql: ['make_valid_utf8'],
    summary: 'The string with the replacement character for bytes that are no UTF-8.',
    examples: [["make_valid_utf8('Spark')", 'Spark']],
    resolve: takes([textBytes], stringType),
    nulls: 'propagate',
    eval: ([value]) => lenient(value as Scalar),
    compiled: rare,
  }),
  validateUtf8: scalar({
    name: 'validateUtf8',
    sql: ['validate_utf8'],
    summary: 'The string; an error when its bytes are no UTF-8.',
    examples: [["validate_utf8('Spark')", 'Spark']],
    resolve: takes([textBytes], stringType),
    nulls: 'propagate',
    fails: true,
    eval: ([value]) => {
      const text = validText(value as Scalar);
      if (text !== undefined) return text;
      throw new SparrowError('INVALID_UTF8_STRING', 'the string has bytes that are no UTF-8', { sqlState: '22029' });
    },
    compiled: rare,
  }),
  tryValidateUtf8: scalar({
    name: 'tryValidateUtf8',
    sql: ['try_validate_utf8'],
    summary: 'The string; null when its bytes are no UTF-8.',
    examples: [["try_validate_utf8(x'80')", null]],
    resolve: takes([textBytes], stringType, { nullable: true }),
    nulls: 'propagate',
    eval: ([value]) => validText(value as Scalar) ?? null,
    compiled: rare,
  }),
  luhnCheck: scalar({
    name: 'luhnCheck',
    sql: ['luhn_check'],
    summary: 'Whether a string of digits ends with its Luhn check digit.',
    examples: [
      ["luhn_check('8112189876')", 'true'],
      ["luhn_check('79927398714')", 'false'],
    ],
    resolve: takes([anyString], booleanType),
    nulls: 'propagate',
    eval: ([text]) => luhn(text as string),
    compiled: rare,
  }),
  mask: scalar({
    name: 'mask',
    sql: ['mask'],
    summary:
      'The string with X for upper case letters, x for lower case ones and n for digits, or the characters given; null leaves a kind as it is.',
    examples: [
      ["mask('AbCD123-@$#')", 'XxXXnnn-@$#'],
      ["mask('AbCD123-@$#', 'Q', 'q', 'd', 'o')", 'QqQQdddoooo'],
    ],
    resolve: (args, settings) => {
      const resolution = takes([justString, justString, justString, justString, justString], stringType, {
        optional: 4,
      })(args, settings);
      if ('mismatch' in resolution) return resolution;
      for (const [i, { literal }] of args.entries()) {
        if (i === 0) continue;
        if (literal === undefined)
          return { mismatch: `argument ${i + 1} must be a constant`, code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
        if (typeof literal === 'string' && [...literal].length !== 1)
          return { mismatch: `argument ${i + 1} must be one character`, code: 'DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE' };
      }
      return { ...resolution, nullable: args[0]?.nullable ?? true };
    },
    nulls: 'custom',
    eval: ([text, ...by]) => {
      if (text === null) return null;
      return mask(
        text as string,
        MASK.map((usual, i) => (by[i] === undefined ? usual : (by[i] as string | null))),
      );
    },
    compiled: rare,
  }),
  quote: scalar({
    name: 'quote',
    sql: ['quote'],
    summary: 'The string in single quotes, quotes and backslashes in it escaped.',
    examples: [["quote('Don\\'t')", "'Don\\'t'"]],
    resolve: takes([anyString], stringType),
    nulls: 'propagate',
    eval: ([text]) => `'${(text as string).replace(/'/g, "\\'")}'`,
    compiled: rare,
  }),
};
