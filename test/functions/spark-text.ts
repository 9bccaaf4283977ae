import '../support/all-functions.js';
import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  nullType,
  type Scalar,
  sameType,
  stringType,
  timestampNtzType,
  timestampType,
} from '../../src/base/index.js';
import { castScalar } from '../../src/functions/cast-eval.js';
import { evaluate } from '../../src/functions/evaluate.js';
import type { EvalSettings, PhysicalExpr } from '../../src/functions/expression.js';
import { isNullable } from '../../src/functions/expression.js';
import { resolveCall } from '../../src/functions/registry.js';

/**
 * Calls as Spark's SQL writes them, enough of it for truths taken from Spark: `lpad('hi', 5)`, `date'2024-02-29'`,
 * `cast(1.5 as float)`, `2.5D`, `x'0A'`. Escapes in strings are Spark's.
 */
export const UTC: EvalSettings = { ansi: true, timeZone: 'UTC', nowMicros: 1_700_000_000_000_000n };

const TYPES: Readonly<Record<string, DataType>> = {
  tinyint: int8Type,
  smallint: int16Type,
  int: int32Type,
  bigint: int64Type,
  float: float32Type,
  double: float64Type,
  string: stringType,
  binary: binaryType,
  boolean: booleanType,
  date: dateType,
  timestamp: timestampType,
  timestamp_ntz: timestampNtzType,
};

const NUMBER = /(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?[LlDd]?|\.\d+)/;
const SINGLE_QUOTED = /'((?:[^'\\]|\\[\s\S]|'')*)'/;
const DOUBLE_QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/;
const NAME = /([A-Za-z_][A-Za-z_0-9]*)/;
const MARK = /(<=>|<<|>>>|>>|\|\||[-+*/%&|^~(),=<>])/;
const TOKEN = new RegExp(
  `\\s*(?:${[NUMBER, SINGLE_QUOTED, DOUBLE_QUOTED, NAME, MARK].map((r) => r.source).join('|')})`,
  'y',
);

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'mark' | 'end';
  readonly text: string;
}

const SEPARATORS = [',', 'from', 'in', 'placing', 'for'];

class Parser {
  #at = 0;
  #tokens: Token[] = [];

  constructor(
    sql: string,
    private readonly settings: EvalSettings,
  ) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < sql.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(sql);
      if (match === null) throw new Error(`cannot read ${sql} at ${from}`);
      const [, number, single, double, name, mark] = match;
      const text = single ?? double;
      if (number !== undefined) this.#tokens.push({ kind: 'number', text: number });
      else if (text !== undefined) this.#tokens.push({ kind: 'text', text: unescapeText(text, single !== undefined) });
      else if (name !== undefined) this.#tokens.push({ kind: 'name', text: name });
      else this.#tokens.push({ kind: 'mark', text: mark ?? '' });
    }
  }

  #next(): Token {
    return this.#tokens[this.#at++] ?? { kind: 'end', text: '' };
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind !== 'text' && token?.text.toLowerCase() === text;
  }

  #expect(text: string): void {
    const token = this.#next();
    if (token.text.toLowerCase() !== text) throw new Error(`expected ${text}, found ${token.text}`);
  }

  expression(): PhysicalExpr {
    let left = this.#operand();
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'mark' || token.text === ')' || token.text === ',') return left;
      this.#at++;
      left = this.call(token.text, [left, this.#operand()]);
    }
  }

  #operand(): PhysicalExpr {
    const token = this.#next();
    if (token.kind === 'number') return numeral(token.text);
    if (token.kind === 'text') return { kind: 'literal', type: stringType, value: token.text };
    if (token.kind === 'mark') return this.#marked(token.text);
    const name = token.text.toLowerCase();
    const quoted = this.#tokens[this.#at];
    if (quoted?.kind === 'text') return this.#typed(name);
    if (name === 'null') return { kind: 'literal', type: nullType, value: null };
    if (name === 'true' || name === 'false') return { kind: 'literal', type: booleanType, value: name === 'true' };
    // A unit or field stands without quotes.
    if (!this.#is('(')) return { kind: 'literal', type: stringType, value: token.text };
    return this.#called(name);
  }

  #marked(mark: string): PhysicalExpr {
    if (mark === '-') {
      const operand = this.#operand();
      if (operand.kind !== 'literal') throw new Error('only numbers have a sign here');
      const { value } = operand;
      return { ...operand, value: typeof value === 'bigint' ? -value : -(value as number) };
    }
    if (mark === '~') return this.call('~', [this.#operand()]);
    const inner = this.expression();
    this.#expect(')');
    return inner;
  }

  #typed(name: string): PhysicalExpr {
    const { text } = this.#next();
    if (name === 'x') return { kind: 'literal', type: binaryType, value: new Uint8Array(Buffer.from(text, 'hex')) };
    return this.cast({ kind: 'literal', type: stringType, value: text }, TYPES[name] as DataType);
  }

  #called(name: string): PhysicalExpr {
    this.#expect('(');
    const args: PhysicalExpr[] = [];
    while (!this.#is(')')) {
      args.push(this.expression());
      if (name === 'cast' && this.#is('as')) return this.#castTo(args[0] as PhysicalExpr);
      if (SEPARATORS.some((word) => this.#is(word))) this.#next();
    }
    this.#next();
    if (name === 'array') return arrayOf(args);
    return this.call(name, args);
  }

  #castTo(value: PhysicalExpr): PhysicalExpr {
    this.#next();
    const name = this.#next().text.toLowerCase();
    let type = TYPES[name];
    if (name === 'decimal') {
      this.#expect('(');
      const precision = Number(this.#next().text);
      this.#expect(',');
      type = decimalType(precision, Number(this.#next().text));
      this.#expect(')');
    }
    this.#expect(')');
    return this.cast(value, type as DataType);
  }

  cast(value: PhysicalExpr, type: DataType): PhysicalExpr {
    if (sameType(value.type, type)) return value;
    if (value.kind === 'literal') {
      const scalar = castScalar(value.value, value.type, type, { mode: 'ansi', timeZone: this.settings.timeZone });
      return { kind: 'literal', type, value: scalar };
    }
    return { kind: 'call', fn: 'cast', args: [value], type, nullable: isNullable(value) };
  }

  call(name: string, args: readonly PhysicalExpr[]): PhysicalExpr {
    const types = args.map((arg) => ({
      type: arg.type,
      nullable: isNullable(arg),
      ...(arg.kind === 'literal' ? { literal: arg.value } : {}),
    }));
    const { entry, resolution } = resolveCall(name, types, this.settings);
    const cast = args.map((arg, i) => this.cast(arg, resolution.args[i] as DataType));
    return { kind: 'call', fn: entry.name, args: cast, type: resolution.returns, nullable: resolution.nullable };
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', Z: '\x1a', '0': '\0' };

function unescapeText(text: string, single: boolean): string {
  return text.replace(/''|\\(u[0-9a-fA-F]{4}|[\s\S])/g, (all, escaped: string | undefined) => {
    if (escaped === undefined) return single ? '' : all;
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    // These two stay as they are, for LIKE.
    if (escaped === '%' || escaped === '_') return all;
    return ESCAPES[escaped] ?? escaped;
  });
}

function numeral(text: string): PhysicalExpr {
  const suffix = text.at(-1)?.toUpperCase();
  if (suffix === 'L') return { kind: 'literal', type: int64Type, value: BigInt(text.slice(0, -1)) };
  if (suffix === 'D') return { kind: 'literal', type: float64Type, value: Number(text.slice(0, -1)) };
  if (/[eE]/.test(text)) return { kind: 'literal', type: float64Type, value: Number(text) };
  const [whole = '', fraction] = text.split('.');
  if (fraction === undefined) {
    const value = BigInt(whole);
    if (value < 2n ** 31n) return { kind: 'literal', type: int32Type, value: Number(value) };
    if (value < 2n ** 63n) return { kind: 'literal', type: int64Type, value };
    return { kind: 'literal', type: decimalType(whole.length, 0), value };
  }
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  const precision = Math.max(digits === '0' ? 1 : digits.length, fraction.length);
  return { kind: 'literal', type: decimalType(precision, fraction.length), value: BigInt(digits) };
}

function arrayOf(items: readonly PhysicalExpr[]): PhysicalExpr {
  const element = items.find((item) => item.type.kind !== 'null')?.type ?? nullType;
  const values: Scalar[] = items.map((item) => (item.kind === 'literal' ? item.value : null));
  return { kind: 'literal', type: arrayType(element, values.includes(null)), value: values };
}

export function parseSql(sql: string, settings: EvalSettings = UTC): PhysicalExpr {
  return new Parser(sql, settings).expression();
}

/** The answer as `cast(… as string)` prints it, and its type. */
export function answer(
  sql: string,
  settings: EvalSettings = UTC,
): { readonly text: string | null; readonly type: DataType } {
  const parsed = parseSql(sql, settings);
  const value = evaluate(parsed, [], settings);
  const text = castScalar(value, parsed.type, stringType, { mode: 'ansi', timeZone: settings.timeZone });
  return { text: text as string | null, type: parsed.type };
}
