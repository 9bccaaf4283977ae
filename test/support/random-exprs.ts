import './all-functions.js';
import { type DataType, isInteger, isNested, type Scalar, sameType, simpleString } from '../../src/base/index.js';
import { functions } from '../../src/functions/families/all.js';
import {
  type ArgType,
  canCast,
  castNullable,
  type FunctionEntry,
  type GeneratorFunction,
  isNullable,
  type PhysicalExpr,
  type Resolution,
} from '../../src/functions/index.js';
import { type Choices, mix } from './choices.js';
import { columnTypes, literalOf } from './random-values.js';

type ValueEntry = Exclude<FunctionEntry, GeneratorFunction>;
type Kind = ValueEntry['kind'];

/** One way to call an entry of the registry. */
export interface Signature {
  readonly key: string;
  readonly entry: ValueEntry;
  readonly args: readonly { readonly type: DataType; readonly constant: boolean }[];
  readonly returns: DataType;
}

/** All ways that were found to call the entries of one kind. */
export interface Catalog {
  readonly byEntry: readonly (readonly Signature[])[];
  /** By `simpleString` of what they return. */
  readonly byReturn: ReadonlyMap<string, readonly Signature[]>;
}

/** A column expressions may read. */
export interface InputColumn {
  readonly index: number;
  readonly type: DataType;
  readonly nullable: boolean;
}

const probedTypes = columnTypes.filter((type) => type.kind !== 'null').slice(0, 17);
const isFlat = (type: DataType): boolean => !isNested(type) && type.kind !== 'null';

/** Constants that mean something to some function: units, patterns, formats, zones. */
const usefulTexts = [
  'a',
  'month',
  '%a%',
  'yyyy-MM-dd',
  ',',
  '[a-c]+',
  '(a)(b)?',
  'day',
  'HH:mm:ss',
  'UTC',
  'Europe/Berlin',
  '_b%',
  'UTF-8',
  'week',
  'hour',
  'yyyy-MM-dd HH:mm:ss',
  'host',
  '',
  ' ',
  '#,##0.00',
  '99,999.99',
  'Monday',
  'sha',
  '%s-%d',
  '\\d+',
  '.',
  'quarter',
  'TUE',
  'HEX',
  'milliseconds',
  '256',
];
const usefulNumbers = [1, 2, 0, -1, 3, 10, 16, 256, 100, 7];
/** Their numbers say how long the result is: any number would fill the memory. */
const SIZED = new Set(['repeat', 'space', 'lpad', 'rpad', 'formatNumber']);
/** More would be more of the same. */
const MOST_SIGNATURES = 80;
const TRIPLES = 200;

function constantOf(type: DataType, n: number): Scalar {
  if (type.kind === 'string')
    return n % 4 === 3 ? literalOf(type, n >>> 2) : (usefulTexts[(n >>> 2) % usefulTexts.length] as string);
  const number = usefulNumbers[n % usefulNumbers.length] as number;
  if (type.kind === 'int8' || type.kind === 'int16' || type.kind === 'int32')
    return type.kind === 'int8' ? number % 128 : number;
  return type.kind === 'int64' ? BigInt(number) : literalOf(type, n);
}

const catalogs = new Map<string, Catalog>();

/** What can be called, found by trying: every entry with many combinations of argument types. */
export function catalogOf(kind: Kind, ansi: boolean): Catalog {
  const key = `${kind} ${ansi}`;
  let catalog = catalogs.get(key);
  if (catalog === undefined) {
    const byEntry: Signature[][] = [];
    const byReturn = new Map<string, Signature[]>();
    for (const [name, entry] of Object.entries(functions) as [string, FunctionEntry][]) {
      if (entry.kind === 'generator' || entry.kind !== kind || name === 'cast' || name === 'tryCast') continue;
      if (entry.kind === 'scalar' && entry.lambda !== undefined) continue;
      if (entry.kind === 'scalar' && entry.deterministic === false) continue;
      const found = signatures(name, entry, ansi);
      if (found.length > 0) byEntry.push(found);
      for (const signature of found) {
        const type = simpleString(signature.returns);
        byReturn.set(type, [...(byReturn.get(type) ?? []), signature]);
      }
    }
    catalog = { byEntry, byReturn };
    catalogs.set(key, catalog);
  }
  return catalog;
}

/** Argument types to try, with how many of them (counted from the end) are constants. */
function combinations(): readonly { readonly args: readonly ArgType[]; readonly constants: number }[] {
  const tuples: (readonly DataType[])[] = [[], ...probedTypes.map((type) => [type])];
  for (const a of probedTypes) for (const b of probedTypes) tuples.push([a, b]);
  for (let n = 0; n < TRIPLES; n++) {
    const pick = (i: number): DataType => probedTypes[mix(n, i) % probedTypes.length] as DataType;
    const first = pick(0);
    // Later arguments are often of the first one's type, or numbers and text.
    const later = (i: number): DataType => (mix(n, i, 9) % 2 === 0 ? first : (probedTypes[mix(n, i) % 3] as DataType));
    tuples.push(n % 4 === 0 ? [first, later(1), later(2), later(3)] : [first, later(1), later(2)]);
  }
  return tuples.flatMap((types, n) =>
    Array.from({ length: types.length + 1 }, (_, constants) => {
      const args = types.map((type, i): ArgType => {
        const literal = i >= types.length - constants ? { literal: constantOf(type, mix(n, i)) } : {};
        return { type, nullable: true, ...literal };
      });
      return { args, constants };
    }),
  );
}

let tried: ReturnType<typeof combinations> | undefined;

function signatures(key: string, entry: ValueEntry, ansi: boolean): Signature[] {
  const found = new Map<string, Signature>();
  tried ??= combinations();
  for (const { args, constants } of tried) {
    const resolution = resolve(entry, args, ansi);
    if (resolution === undefined || ![resolution.returns, ...resolution.args].every(isFlat)) continue;
    const made = resolution.args.map((type, i) => ({ type, constant: i >= args.length - constants }));
    const types = made.map((arg) => simpleString(arg.type)).join();
    // Constants only where they are asked for.
    const text = constants > 0 && found.has(`${types} 0`) ? `${types} 0` : `${types} ${constants}`;
    if (!found.has(text)) found.set(text, { key, entry, args: made, returns: resolution.returns });
  }
  const all = [...found.values()];
  const step = Math.ceil(all.length / MOST_SIGNATURES);
  return all.filter((_, i) => i % Math.max(1, step) === 0);
}

export function resolve(entry: ValueEntry, args: readonly ArgType[], ansi: boolean): Resolution | undefined {
  try {
    const resolution = entry.resolve(args, { ansi });
    return 'mismatch' in resolution ? undefined : resolution;
  } catch {
    return undefined;
  }
}

/** Makes typed expressions over some columns. */
export class ExprMaker {
  readonly #made: PhysicalExpr[] = [];
  readonly #catalog: Catalog;

  constructor(
    private readonly choices: Choices,
    private readonly columns: readonly InputColumn[],
    private readonly ansi: boolean,
  ) {
    this.#catalog = catalogOf('scalar', ansi);
  }

  /** An expression of any type. */
  any(depth: number): PhysicalExpr {
    const { choices, columns } = this;
    if (columns.length > 0 && (depth === 0 || choices.isExhausted || choices.chance(35)))
      return this.#column(choices.pick(columns));
    if (depth === 0 || choices.isExhausted) return this.#literal(choices.pick(columnTypes));
    const call = this.#call(choices.pick(choices.pick(this.#catalog.byEntry)), depth);
    return call ?? this.any(0);
  }

  /** An expression of exactly this type. */
  of(type: DataType, depth: number): PhysicalExpr {
    const { choices } = this;
    const fitting = this.columns.filter((column) => sameType(column.type, type));
    if (depth <= 0 || choices.isExhausted || choices.chance(40)) return this.#leaf(type, fitting);
    const known = this.#made.filter((expr) => sameType(expr.type, type));
    if (known.length > 0 && choices.chance(15)) return choices.pick(known);
    if (choices.chance(15)) return this.#cast(type, depth) ?? this.#leaf(type, fitting);
    const calls = this.#catalog.byReturn.get(simpleString(type)) ?? [];
    const call = calls.length === 0 ? undefined : this.#call(choices.pick(calls), depth);
    // The type of a few calls depends on the values of literals.
    return call !== undefined && sameType(call.type, type) ? call : this.#leaf(type, fitting);
  }

  condition(depth: number): PhysicalExpr {
    return this.of({ kind: 'boolean' }, depth);
  }

  /** A call by a signature; undefined when the arguments made for it do not type. */
  args(
    signature: Signature,
    depth: number,
  ): { args: PhysicalExpr[]; resolution: Resolution; nullable: boolean } | undefined {
    const args = signature.args.map(({ type, constant }) => {
      const isSize = SIZED.has(signature.key) && isInteger(type);
      return constant || isSize ? this.#constant(type) : this.of(type, depth);
    });
    const resolution = resolve(signature.entry, args.map(argType), this.ansi);
    if (resolution === undefined || !isFlat(resolution.returns)) return undefined;
    if (!resolution.args.every((type, i) => sameType(type, (args[i] as PhysicalExpr).type))) return undefined;
    return { args, resolution, nullable: resolution.nullable ?? args.some(isNullable) };
  }

  #call(signature: Signature, depth: number): PhysicalExpr | undefined {
    const made = this.args(signature, depth - 1);
    if (made === undefined) return undefined;
    const { args, resolution, nullable } = made;
    const expr: PhysicalExpr = { kind: 'call', fn: signature.key, args, type: resolution.returns, nullable };
    this.#made.push(expr);
    return expr;
  }

  #cast(type: DataType, depth: number): PhysicalExpr | undefined {
    const { choices } = this;
    const from = choices.pick(probedTypes);
    if (!canCast(from, type)) return undefined;
    return this.cast(this.of(from, depth - 1), type);
  }

  /** Cast or, more often, try_cast. */
  cast(input: PhysicalExpr, type: DataType): PhysicalExpr {
    const safe = !this.choices.chance(35);
    const nullable = isNullable(input) || castNullable(input.type, type, safe, this.ansi);
    return { kind: 'call', fn: safe ? 'tryCast' : 'cast', args: [input], type, nullable };
  }

  #leaf(type: DataType, fitting: readonly InputColumn[]): PhysicalExpr {
    const { choices } = this;
    if (fitting.length > 0 && !choices.chance(20)) return this.#column(choices.pick(fitting));
    const castable = this.columns.filter((column) => canCast(column.type, type));
    if (castable.length > 0 && choices.chance(40)) return this.cast(this.#column(choices.pick(castable)), type);
    return this.#literal(type);
  }

  #column({ index, type, nullable }: InputColumn): PhysicalExpr {
    return { kind: 'column', index, type, nullable };
  }

  #literal(type: DataType): PhysicalExpr {
    const { choices } = this;
    if (choices.chance(10)) return { kind: 'literal', type, value: null };
    return {
      kind: 'literal',
      type,
      value: choices.chance(50) ? constantOf(type, choices.next()) : literalOf(type, choices.next()),
    };
  }

  #constant(type: DataType): PhysicalExpr {
    return { kind: 'literal', type, value: constantOf(type, this.choices.next()) };
  }
}

export const argType = (expr: PhysicalExpr): ArgType => ({
  type: expr.type,
  nullable: isNullable(expr),
  ...(expr.kind === 'literal' ? { literal: expr.value } : {}),
});
