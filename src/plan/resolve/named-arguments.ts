import { nearestNames, nullType, type Scalar, SparrowError, stringType } from '../../base/index.js';
import { functionPlace } from '../../functions/names.js';
import type { Expr, Literal, UnresolvedCall } from '../expr.js';

export interface Parameter {
  readonly name: string;
  /** What it is when left out; without one it must be given. */
  readonly otherwise?: Expr;
}

const text = (value: string): Literal => Object.freeze({ kind: 'literal', type: stringType, value });
const nothing: Literal = Object.freeze({ kind: 'literal', type: nullType, value: null });
const collection: readonly Parameter[] = [{ name: 'collection' }];
const rows: readonly Parameter[] = [{ name: 'input' }];

/** The functions whose arguments Spark takes by name, with their parameters in order. */
const parameters: Readonly<Record<string, readonly Parameter[]>> = {
  mask: [
    { name: 'str' },
    { name: 'upperChar', otherwise: text('X') },
    { name: 'lowerChar', otherwise: text('x') },
    { name: 'digitChar', otherwise: text('n') },
    { name: 'otherChar', otherwise: nothing },
  ],
  count_min_sketch: [{ name: 'column' }, { name: 'epsilon' }, { name: 'confidence' }, { name: 'seed' }],
  explode: collection,
  explode_outer: collection,
  posexplode: collection,
  posexplode_outer: collection,
  inline: rows,
  inline_outer: rows,
  variant_explode: rows,
  variant_explode_outer: rows,
};

/** `name => value`, as the parser gives it. */
const nameOf = (arg: Expr | undefined): string | undefined => {
  if (arg?.kind !== 'unresolved_call' || arg.name !== NAMED_ARGUMENT) return undefined;
  const [name] = arg.args;
  return name?.kind === 'literal' ? String(name.value as Scalar) : undefined;
};

export const NAMED_ARGUMENT = 'namedArgument';
export const isNamedArgument = (arg: Expr): boolean => nameOf(arg) !== undefined;

/**
 * Written and resolved arguments in the order of the parameters, which are `own` of an SQL function; as they are where
 * none has a name.
 */
export function arrangeArguments(
  call: UnresolvedCall,
  given: readonly Expr[],
  own?: readonly Parameter[],
): { readonly written: readonly Expr[]; readonly given: readonly Expr[] } {
  const names = call.args.map(nameOf);
  const named = names.findIndex((name) => name !== undefined);
  if (named < 0 && own === undefined) return { written: call.args, given };
  const first = named < 0 ? names.length : named;
  const wanted = own ?? parametersOf(call.name);
  const places = new Map<number, number>();
  names.forEach((name, at) => {
    const place = name === undefined ? positional(call, at, first) : placeOf(call, wanted, name);
    if (places.has(place)) throw givenTwice(call, name ?? '', (places.get(place) as number) < first);
    places.set(place, at);
  });
  const last = Math.max(...places.keys());
  const written: Expr[] = [];
  const arranged: Expr[] = [];
  wanted.forEach(({ name, otherwise }, place) => {
    const at = places.get(place);
    const value = at === undefined ? otherwise : given[at];
    if (value === undefined) {
      throw refused('REQUIRED_PARAMETER_NOT_FOUND', `\`${call.name}\` needs the parameter \`${name}\``, '4274K');
    }
    if (at === undefined && place > last && own === undefined) return;
    arranged.push(value);
    const asWritten = at === undefined ? value : (call.args[at] as Expr);
    written.push(nameOf(asWritten) === undefined ? asWritten : ((asWritten as UnresolvedCall).args[1] as Expr));
  });
  return { written, given: arranged };
}

function parametersOf(name: string): readonly Parameter[] {
  const key = functionPlace(name)?.sql[0] ?? name.toLowerCase();
  const wanted = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
  if (wanted !== undefined) return wanted;
  throw refused('NAMED_PARAMETERS_NOT_SUPPORTED', `\`${name}\` takes no arguments by name`, '4274K');
}

function positional(call: UnresolvedCall, at: number, firstNamed: number): number {
  if (at < firstNamed) return at;
  throw refused('UNEXPECTED_POSITIONAL_ARGUMENT', `\`${call.name}\` has a plain argument after a named one`, '4274K');
}

function placeOf(call: UnresolvedCall, wanted: readonly Parameter[], name: string): number {
  const place = wanted.findIndex((parameter) => parameter.name.toLowerCase() === name.toLowerCase());
  if (place >= 0) return place;
  const names = wanted.map((parameter) => parameter.name);
  throw new SparrowError('UNRECOGNIZED_PARAMETER_NAME', `\`${call.name}\` has no parameter \`${name}\``, {
    sqlState: '4274K',
    candidates: nearestNames(name, names),
  });
}

function givenTwice(call: UnresolvedCall, name: string, byPosition: boolean): SparrowError {
  const subclass = byPosition ? 'BOTH_POSITIONAL_AND_NAMED' : 'DOUBLE_NAMED_ARGUMENT_REFERENCE';
  const code = `DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.${subclass}`;
  return refused(code, `\`${call.name}\` is given the parameter \`${name}\` twice`, '4274K');
}

const refused = (code: string, message: string, sqlState: string): SparrowError =>
  new SparrowError(code, message, { sqlState });
