import { SparrowError } from '../base/index.js';
import { readStatement } from './command-parser.js';
import { readName } from './command-parts.js';
import type { QueryContext } from './query-context.js';
import { queryParser } from './query-parser.js';
import type { Compound, ExceptionHandler, ScriptStatement } from './script.js';
import { isHandler, readConditionDeclaration, readHandledConditions, refuseTwice } from './script-conditions.js';
import { Labels } from './script-labels.js';
import { readAssignments } from './set-parser.js';
import { type ParseSettings, plainSettings, TokenStream } from './token-stream.js';

/** A script: `BEGIN … END`, with or without `;` behind it. Throws `PARSE_SYNTAX_ERROR` and what is wrong with names. */
export function parseScript(text: string, settings: ParseSettings = plainSettings): Compound {
  // What variables name is known when a statement runs: until then any name will do.
  const constantOf = (name: string): unknown => (name.startsWith(':') ? settings.constantOf?.(name) : 'identifier');
  const tokens = new TokenStream(text, { ...settings, constantOf });
  const script = new ScriptParser(tokens, settings).compound(undefined);
  while (tokens.accept(';'));
  tokens.end();
  return script;
}

/** How far a block has come: what may be declared depends on it. */
type Part = 'variables' | 'handlers' | 'statements';

class ScriptParser {
  readonly #labels = new Labels();

  constructor(
    private readonly tokens: TokenStream,
    private readonly settings: ParseSettings,
  ) {}

  compound(label: string | undefined): Compound {
    const { tokens } = this;
    tokens.expect('BEGIN');
    tokens.accept('NOT', 'ATOMIC');
    const conditions = new Set<string>();
    const body: ScriptStatement[] = [];
    const handlers: ExceptionHandler[] = [];
    let part: Part = 'variables';
    while (!tokens.accept('END')) {
      if (tokens.is('DECLARE')) part = this.#declaration(part, body, handlers, conditions);
      else {
        body.push(this.#statement());
        part = 'statements';
      }
      tokens.expect(';');
    }
    return { kind: 'compound', ...(label === undefined ? {} : { label }), body, handlers };
  }

  #declaration(part: Part, body: ScriptStatement[], handlers: ExceptionHandler[], conditions: Set<string>): Part {
    const { tokens } = this;
    if (isHandler(tokens)) {
      if (part === 'statements') {
        throw invalid('HANDLER_DECLARATION.WRONG_PLACE_OF_DECLARATION', '42K0Q', 'handlers stand before statements');
      }
      const handler = this.#handler();
      refuseTwice(handler, handlers);
      handlers.push(handler);
      return 'handlers';
    }
    const wasCondition = readConditionDeclaration(tokens, conditions, part === 'variables');
    if (!wasCondition) body.push(this.#variable(part === 'variables'));
    return part;
  }

  #variable(isAllowed: boolean): ScriptStatement {
    const statement = readStatement(this.#query());
    if (statement.kind !== 'declare_variable') throw this.tokens.unexpected();
    const name = statement.names.map((parts) => parts.join('.')).join(', ');
    const what = (subclass: string, why: string) =>
      invalid(`VARIABLE_DECLARATION.${subclass}`, '42K0M', `the variable \`${name}\` ${why}`);
    if (!isAllowed) throw what('ONLY_AT_BEGINNING', 'is declared behind other statements of its block');
    if (statement.replace) throw what('REPLACE_LOCAL_VARIABLE', 'is local: DECLARE OR REPLACE is for the session’s');
    if (statement.names.some(({ length }) => length > 1))
      throw what('QUALIFIED_LOCAL_VARIABLE', 'is local: its name has one part');
    return { kind: 'declare', variable: statement };
  }

  /** `DECLARE EXIT HANDLER FOR condition, … statement`. */
  #handler(): ExceptionHandler {
    const { tokens } = this;
    tokens.expect('DECLARE');
    const goesOn = tokens.accept('CONTINUE');
    if (!goesOn) tokens.expect('EXIT');
    tokens.expect('HANDLER', 'FOR');
    const conditions = readHandledConditions(tokens);
    const label = this.#label();
    if (label !== undefined || tokens.is('BEGIN')) return { ...conditions, goesOn, body: this.#labelled(label) };
    return { ...conditions, goesOn, body: this.#plain() };
  }

  #statement(): ScriptStatement {
    const { tokens } = this;
    const label = this.#label();
    if (label !== undefined || tokens.is('BEGIN')) return this.#labelled(label);
    const [first, next] = [tokens.peek().upper, tokens.peek(1)];
    if (['WHILE', 'REPEAT', 'LOOP', 'FOR'].includes(first)) return this.#labelled(undefined);
    if (first === 'IF') return this.#if();
    if (first === 'CASE') return this.#case();
    if ((first === 'LEAVE' || first === 'ITERATE') && (next.kind === 'word' || next.kind === 'name')) {
      tokens.next();
      const kind = first === 'LEAVE' ? 'leave' : 'iterate';
      return { kind, label: this.#labels.used(readName(tokens, 'a label'), first) };
    }
    return this.#plain();
  }

  /** The name before `: BEGIN` or a loop. */
  #label(): string | undefined {
    const { tokens } = this;
    const [name, colon] = [tokens.peek(), tokens.peek(1)];
    if (name.kind !== 'word' && name.kind !== 'name') return undefined;
    const isGlued = colon.kind === 'parameter' && tokens.text[colon.start] === ':';
    if (!isGlued && colon.upper !== ':') return undefined;
    tokens.next();
    if (isGlued) tokens.splitParameter();
    else tokens.next();
    return name.text;
  }

  #labelled(label: string | undefined): ScriptStatement {
    const { tokens } = this;
    this.#labels.open(label, tokens.is('BEGIN') ? 'compound' : 'loop');
    const statement = tokens.is('BEGIN') ? this.compound(label?.toLowerCase()) : this.#loop(label?.toLowerCase());
    const end = tokens.peek();
    if (end.kind === 'word' || end.kind === 'name') this.#labels.closedAs(tokens.name(), label);
    this.#labels.close(label);
    return statement;
  }

  #loop(label: string | undefined): ScriptStatement {
    const { tokens } = this;
    const named = label === undefined ? {} : { label };
    if (tokens.accept('WHILE')) {
      const asLongAs = this.#query().exprs.expression();
      tokens.expect('DO');
      return { kind: 'loop', ...named, asLongAs, body: this.#body('END', 'WHILE') };
    }
    if (tokens.accept('REPEAT')) {
      const body = this.#body('UNTIL');
      const until = this.#query().exprs.expression();
      tokens.expect('END', 'REPEAT');
      return { kind: 'loop', ...named, until, body };
    }
    if (tokens.accept('LOOP')) return { kind: 'loop', ...named, body: this.#body('END', 'LOOP') };
    tokens.expect('FOR');
    const variable = tokens.peek(1).upper === 'AS' ? tokens.name() : undefined;
    if (variable !== undefined) tokens.expect('AS');
    this.#labels.open(variable, 'variable');
    tokens.stopWord = 'DO';
    const from = tokens.peek().start;
    const query = this.#query().query();
    const again = this.#again(from);
    tokens.stopWord = undefined;
    tokens.expect('DO');
    const body = this.#body('END', 'FOR');
    this.#labels.close(variable);
    return { kind: 'for', ...named, ...(variable === undefined ? {} : { variable }), query, body, ...again };
  }

  #if(): ScriptStatement {
    const { tokens } = this;
    const branches = [];
    tokens.expect('IF');
    do {
      const when = this.#query().exprs.expression();
      tokens.expect('THEN');
      branches.push({ when, body: this.#bodyBefore('ELSEIF', 'ELSE', 'END') });
    } while (tokens.accept('ELSEIF'));
    const otherwise = tokens.accept('ELSE') ? this.#bodyBefore('END') : [];
    tokens.expect('END', 'IF');
    return { kind: 'if', branches, otherwise };
  }

  #case(): ScriptStatement {
    const { tokens } = this;
    tokens.expect('CASE');
    const value = tokens.is('WHEN') ? undefined : this.#query().exprs.expression();
    const branches = [];
    while (tokens.accept('WHEN')) {
      const when = this.#query().exprs.expression();
      tokens.expect('THEN');
      branches.push({ when, body: this.#bodyBefore('WHEN', 'ELSE', 'END') });
    }
    const otherwise = tokens.accept('ELSE') ? this.#bodyBefore('END') : [];
    tokens.expect('END', 'CASE');
    return value === undefined ? { kind: 'if', branches, otherwise } : { kind: 'case', value, branches, otherwise };
  }

  /** Statements up to these words, which are taken too. */
  #body(...end: readonly string[]): ScriptStatement[] {
    const body = this.#bodyBefore(end[0] as string);
    this.tokens.expect(...end);
    return body;
  }

  /** One statement at least. */
  #bodyBefore(...ends: readonly string[]): ScriptStatement[] {
    const body: ScriptStatement[] = [];
    do {
      if (this.tokens.is('DECLARE')) this.#misplaced();
      body.push(this.#statement());
      this.tokens.expect(';');
    } while (!ends.some((end) => this.tokens.is(end)));
    return body;
  }

  /** Only blocks declare. */
  #misplaced(): void {
    if (isHandler(this.tokens)) {
      throw invalid(
        'HANDLER_DECLARATION.WRONG_PLACE_OF_DECLARATION',
        '42K0Q',
        'handlers stand at the start of BEGIN … END',
      );
    }
    if (readConditionDeclaration(this.tokens, new Set(), false)) return;
    const statement = readStatement(this.#query());
    if (statement.kind !== 'declare_variable') throw this.tokens.unexpected();
    const name = statement.names.join(', ');
    const what = `the variable \`${name}\` is declared where no block begins`;
    throw invalid('VARIABLE_DECLARATION.NOT_ALLOWED_IN_SCOPE', '42K0M', what);
  }

  /** SET of variables, a query or a command. */
  #plain(): ScriptStatement {
    const query = this.#query();
    const { start } = this.tokens.peek();
    if (!this.tokens.accept('SET')) return { kind: 'run', statement: readStatement(query), ...this.#again(start) };
    const from = this.tokens.peek().start;
    return { kind: 'assign', assign: readAssignments(query), ...this.#again(from, 'SET VARIABLE ') };
  }

  /** The text of what was just read, where it asks for names that are not known yet. */
  #again(from: number, before = ''): { text?: string } {
    const text = this.tokens.text.slice(from, this.tokens.peek(-1).end);
    return /\bidentifier\s*\(/i.test(text) ? { text: before + text } : {};
  }

  #query(): QueryContext {
    return queryParser(this.tokens, this.settings);
  }
}

function invalid(subclass: string, sqlState: string, what: string): SparrowError {
  return new SparrowError(`INVALID_${subclass}`, what, { sqlState });
}
