import { type DataType, decimalType, SparrowError } from '../base/index.js';
import { decimalText } from './decimal.js';
import type { ArgType, Mismatch } from './define.js';

/** The number format of to_number and to_char: `$99,999.99S`. */
export interface NumberPattern {
  readonly sign: 'none' | 'S first' | 'S last' | 'MI first' | 'MI last' | 'PR';
  readonly currency: boolean;
  /** The digits before the point by group, and what separates them: runs of 0 and 9. */
  readonly groups: readonly string[];
  readonly fraction: string;
  readonly point: boolean;
}

const PATTERN = /^(S|MI)?(\$)?([09GG,]*)(?:([.D])([09]*))?(\$)?(PR|MI|S)?$/i;

const refuse = (kind: string, what: string): Mismatch => ({ mismatch: what, code: `INVALID_FORMAT.${kind}` });

/** The format of a constant argument, or why it is none. */
export function numberPattern(format: string): NumberPattern | Mismatch {
  if (format === '') return refuse('EMPTY', 'the format is empty');
  if (!/[09]/.test(format)) return refuse('WRONG_NUM_DIGIT', 'the format has no digits');
  const match = PATTERN.exec(format);
  if (match === null) return refuse('UNEXPECTED_TOKEN', `'${format}' is no number format`);
  const [, before, dollar, whole = '', point, fraction = '', lateDollar, after] = match;
  if (lateDollar !== undefined) return refuse('CUR_MUST_BEFORE_DIGIT', 'the currency sign stands before the digits');
  if (/^[G,]|[G,]$/i.test(whole)) return refuse('CONT_THOUSANDS_SEPS', 'a separator stands between digits');
  if (before !== undefined && after !== undefined) return refuse('WRONG_NUM_TOKEN', 'the format has two signs');
  const groups = whole === '' ? [] : whole.split(/[G,]/i);
  if (groups.slice(1).some((group) => group.length === 0))
    return refuse('CONT_THOUSANDS_SEPS', 'there are two separators side by side');
  const sign =
    before !== undefined
      ? (`${before.toUpperCase()} first` as 'S first')
      : after === undefined
        ? 'none'
        : after.toUpperCase() === 'PR'
          ? 'PR'
          : (`${after.toUpperCase()} last` as 'S last');
  return { sign, currency: dollar !== undefined, groups, fraction, point: point !== undefined };
}

/** The pattern of the second argument, which must be a constant; null when that is null. */
export function patternArgument(arg: ArgType | undefined): NumberPattern | Mismatch | null {
  if (arg?.literal === undefined)
    return { mismatch: 'the format must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  return arg.literal === null ? null : numberPattern(String(arg.literal));
}

const digitsOf = (groups: readonly string[]): number => groups.reduce((n, group) => n + group.length, 0);

/** The decimal that a format reads. */
export function typeOfPattern({ groups, fraction }: NumberPattern): DataType {
  return decimalType(digitsOf(groups) + fraction.length, fraction.length);
}

const known = new Map<string, NumberPattern>();

export function patternOf(format: string): NumberPattern {
  let pattern = known.get(format);
  if (pattern === undefined) {
    const made = numberPattern(format);
    if ('mismatch' in made) throw new SparrowError(made.code ?? 'INVALID_FORMAT', made.mismatch, { sqlState: '42601' });
    pattern = made;
    if (known.size > 100) known.clear();
    known.set(format, pattern);
  }
  return pattern;
}

/** The unscaled decimal that a text means by a format; undefined when it does not fit. */
export function readNumber(text: string, pattern: NumberPattern): bigint | undefined {
  let rest = text.replaceAll(' ', '');
  let negative = false;
  const { sign, groups, fraction } = pattern;
  const takeSign = (atEnd: boolean): void => {
    const found = atEnd ? rest.at(-1) : rest[0];
    if (found !== '-' && (found !== '+' || sign.startsWith('MI'))) return;
    negative ||= found === '-';
    rest = atEnd ? rest.slice(0, -1) : rest.slice(1);
  };
  if (sign.endsWith('first')) takeSign(false);
  if (sign.endsWith('last')) takeSign(true);
  if (sign === 'PR' && rest.startsWith('<') && rest.endsWith('>')) [negative, rest] = [true, rest.slice(1, -1)];
  if (pattern.currency) {
    if (!rest.startsWith('$')) return undefined;
    rest = rest.slice(1);
  }
  const match = /^([\d,]*)(?:\.(\d*))?$/.exec(rest);
  if (match === null || (match[2] !== undefined && !pattern.point)) return undefined;
  const whole = wholeDigits(match[1] ?? '', groups);
  const part = match[2] ?? '';
  if (whole === undefined || part.length > fraction.length || whole + part === '') return undefined;
  const unscaled = BigInt(`${whole}${part.padEnd(fraction.length, '0')}` || '0');
  return negative ? -unscaled : unscaled;
}

/** Groups fit from the right; only the first may have fewer digits, unless the format begins with 0. */
function wholeDigits(text: string, groups: readonly string[]): string | undefined {
  if (text === '') return groups[0]?.startsWith('0') === true ? undefined : '';
  const parts = text.split(',');
  if (parts.length > groups.length) return undefined;
  const exact = groups[0]?.startsWith('0') === true;
  if (exact && parts.length !== groups.length) return undefined;
  for (const [i, part] of parts.entries()) {
    const size = (groups[groups.length - parts.length + i] as string).length;
    if (part.length > size || (part.length < size && exact) || part === '') return undefined;
  }
  return parts.join('');
}

/** A decimal by a format; what does not fit is `#` for every digit. */
export function writeNumber(unscaled: bigint, scale: number, pattern: NumberPattern): string {
  const { groups, fraction, sign } = pattern;
  const digits = decimalText(unscaled < 0n ? -unscaled : unscaled, scale).split('.');
  const whole = (digits[0] ?? '').replace(/^0+/, '');
  const part = (digits[1] ?? '').replace(/0+$/, '');
  const room = digitsOf(groups);
  if (whole.length > room || part.length > fraction.length) return overflowText(pattern);
  const negative = unscaled < 0n;
  const body = wholeText(whole.padStart(room, ' '), groups);
  const trimmed = body.trimStart();
  const blanks = body.slice(0, body.length - trimmed.length);
  let text = pattern.point ? `${trimmed}.${part.padEnd(fraction.length, '0')}` : trimmed;
  if (pattern.currency) text = `$${text}`;
  if (sign === 'S first') text = `${negative ? '-' : '+'}${text}`;
  else if (sign === 'MI first') text = negative ? `-${text}` : ` ${text}`;
  else if (sign === 'S last') text += negative ? '-' : '+';
  else if (sign === 'MI last') text += negative ? '-' : ' ';
  else if (sign === 'PR') text = negative ? `<${text}>` : `${text}  `.slice(0, text.length + (negative ? 0 : 2));
  return blanks + text;
}

/** Blanks stand where a format of nines has no digit; a format that begins with 0 has zeros. */
function wholeText(digits: string, groups: readonly string[]): string {
  const zeros = groups[0]?.startsWith('0') === true;
  let at = 0;
  let out = '';
  let begun = zeros;
  for (const [i, group] of groups.entries()) {
    if (i > 0) out += begun ? ',' : ' ';
    for (const place of group) {
      const digit = digits[at++] as string;
      if (digit !== ' ' || place === '0') begun = true;
      out += digit === ' ' ? (begun ? '0' : ' ') : digit;
    }
  }
  return out;
}

function overflowText({ groups, fraction, point, currency, sign }: NumberPattern): string {
  const whole = groups.map((group) => '#'.repeat(group.length)).join(',');
  const body = `${currency ? '$' : ''}${whole}${point ? `.${'#'.repeat(fraction.length)}` : ''}`;
  return sign === 'none' ? body : sign.endsWith('first') ? `#${body}` : sign === 'PR' ? `#${body}#` : `${body}#`;
}
