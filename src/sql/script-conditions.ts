import { SparrowError } from '../base/index.js';
import { readName } from './command-parts.js';
import type { HandledConditions } from './script.js';
import type { TokenStream } from './token-stream.js';

export const isHandler = (tokens: TokenStream): boolean =>
  tokens.is('DECLARE', 'EXIT', 'HANDLER') || tokens.is('DECLARE', 'CONTINUE', 'HANDLER');

/** `DECLARE name CONDITION FOR SQLSTATE '45000'`: whether it is one. */
export function readConditionDeclaration(tokens: TokenStream, conditions: Set<string>, isAllowed: boolean): boolean {
  const { place } = tokens;
  tokens.expect('DECLARE');
  const parts = readName(tokens, 'a variable or condition');
  if (!tokens.accept('CONDITION')) {
    tokens.back(place);
    return false;
  }
  const name = parts.join('.').toUpperCase();
  // A handler is for the name; the state says how others see what is raised.
  if (tokens.accept('FOR', 'SQLSTATE')) readState(tokens);
  const fail = (subclass: string, why: string) =>
    new SparrowError(`INVALID_ERROR_CONDITION_DECLARATION.${subclass}`, `the condition \`${name}\` ${why}`, {
      sqlState: '42K0R',
    });
  if (!isAllowed) throw fail('NOT_AT_START_OF_COMPOUND_STATEMENT', 'is declared where no block begins');
  if (parts.length > 1) throw fail('QUALIFIED_CONDITION_NAME', 'is local: its name has one part');
  if (!/^\w+$/.test(name)) throw fail('SPECIAL_CHARACTER_FOUND', 'holds other characters than letters, digits and _');
  if (conditions.has(name)) {
    throw new SparrowError('DUPLICATE_CONDITION_IN_SCOPE', `there is a condition \`${name}\` in this block already`, {
      sqlState: '42734',
    });
  }
  conditions.add(name);
  return true;
}

/** `[VALUE] '22012'`. */
function readState(tokens: TokenStream): string {
  tokens.accept('VALUE');
  const state = tokens.string('an SQLSTATE').toUpperCase();
  if (/^[A-Z0-9]{5}$/.test(state) && !/^(00|01|XX)/.test(state)) return state;
  throw new SparrowError('INVALID_SQLSTATE', `'${state}' is no SQLSTATE of an error`, {
    sqlState: '428B3',
    hint: 'it has 5 letters and digits, and does not begin with 00, 01 or XX',
  });
}

/** What follows HANDLER FOR. */
export function readHandledConditions(tokens: TokenStream): HandledConditions {
  const names: string[] = [];
  const states: string[] = [];
  let any = false;
  let notFound = false;
  do {
    if (tokens.accept('SQLEXCEPTION')) any = true;
    else if (tokens.accept('NOT', 'FOUND')) notFound = true;
    else if (tokens.accept('SQLSTATE')) addOnce(states, readState(tokens), 'SQLSTATE');
    else addOnce(names, readName(tokens, 'a condition').join('.').toUpperCase(), 'CONDITION');
  } while (tokens.accept(','));
  if ((any || notFound) && names.length + states.length > 0) {
    throw declarationError('INVALID_CONDITION_COMBINATION', 'SQLEXCEPTION and NOT FOUND stand for themselves');
  }
  return { names, states, any, notFound };
}

function addOnce(list: string[], value: string, what: 'CONDITION' | 'SQLSTATE'): void {
  if (!list.includes(value)) list.push(value);
  else throw declarationError(`DUPLICATE_${what}_IN_HANDLER_DECLARATION`, `${value} stands there twice`);
}

/** Every condition has one handler in a block. */
export function refuseTwice(handler: HandledConditions, others: readonly HandledConditions[]): void {
  for (const other of others) {
    const state = handler.states.find((each) => other.states.includes(each));
    const name =
      handler.names.find((each) => other.names.includes(each)) ??
      (handler.any && other.any ? 'SQLEXCEPTION' : handler.notFound && other.notFound ? 'NOT FOUND' : undefined);
    const twice = name ?? state;
    if (twice === undefined) continue;
    throw new SparrowError(
      `DUPLICATE_EXCEPTION_HANDLER.${name === undefined ? 'SQLSTATE' : 'CONDITION'}`,
      `there are two handlers for ${twice} in one block`,
      { sqlState: '42734' },
    );
  }
}

const declarationError = (subclass: string, what: string): SparrowError =>
  new SparrowError(`INVALID_HANDLER_DECLARATION.${subclass}`, what, { sqlState: '42K0Q' });
