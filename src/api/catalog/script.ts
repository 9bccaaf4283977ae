import { SparrowError, simpleString } from '../../base/index.js';
import { call, literal, local } from '../../plan/build.js';
import { valuesOf } from '../../plan/catalog.js';
import type { Expr } from '../../plan/expr.js';
import type { Plan, SqlQueryPlan } from '../../plan/node.js';
import { outputOf } from '../../plan/output.js';
import type { Assign, SqlStatement } from '../../sql/command.js';
import { parseStatement } from '../../sql/command-parser.js';
import type { Compound, ScriptStatement } from '../../sql/script.js';
import { parseScript } from '../../sql/script-parser.js';
import type { SessionSettings } from '../engine.js';
import { type CommandContext, NO_ROWS, rowsPlan } from './command-context.js';
import { runCommand } from './commands.js';
import { collect, oneValue } from './one-value.js';
import { handlerFor, Scope, Unhandled } from './script-scope.js';
import { assign, declare } from './setting-commands.js';
import { lookupIn, withoutSession } from './variables.js';

type Session = Omit<CommandContext, 'source' | 'settings'>;

/** Runs a script; its rows are those of the last query that it ran. */
export async function runScript(
  source: SqlQueryPlan,
  { settings, ...session }: Session & { readonly settings: SessionSettings },
): Promise<Plan> {
  if (settings.config['spark.sql.scripting.enabled'] === 'false') {
    throw new SparrowError('UNSUPPORTED_FEATURE.SQL_SCRIPTING', 'scripts are switched off', {
      sqlState: '0A000',
      hint: "set 'spark.sql.scripting.enabled' to true",
    });
  }
  const run = new ScriptRun(source, session);
  try {
    const script = parseScript(source.text, { ...settings, constantOf: valuesOf(source.parameters) });
    await run.compound(script, undefined);
  } catch (error) {
    throw error instanceof Unhandled ? error.cause : error;
  }
  return run.result;
}

/** Why what follows is not run: a loop or block is left, or a loop goes on with its next round. */
type Jump = { readonly leave: string } | { readonly iterate: string } | { readonly exit: Scope } | undefined;

/** So many steps are taken before the event loop has its turn. */
const STEPS = 64;

class ScriptRun {
  result: Plan = rowsPlan(NO_ROWS);
  #steps = 0;

  constructor(
    private readonly source: SqlQueryPlan,
    private readonly session: Session,
  ) {}

  async compound({ label, body, handlers }: Compound, around: Scope | undefined): Promise<Jump> {
    const scope = new Scope(label, around, handlers);
    const jump = await this.#all(body, scope);
    if (jump === undefined || ('exit' in jump && jump.exit === scope)) return undefined;
    return 'leave' in jump && jump.leave === label ? undefined : jump;
  }

  async #all(body: readonly ScriptStatement[], scope: Scope): Promise<Jump> {
    for (const statement of body) {
      const jump = await this.#step(statement, scope);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  /** Runs a statement; what fails is handled where it fails, before anything is left. */
  async #step(statement: ScriptStatement, scope: Scope): Promise<Jump> {
    // A loop of nothing but jumps would never wait for anything.
    if (++this.#steps % STEPS === 0) await new Promise(setImmediate);
    this.session.signal?.throwIfAborted();
    try {
      return await this.#run(statement, scope);
    } catch (error) {
      if (error instanceof Unhandled) throw error;
      const found = handlerFor(error, scope);
      if (found === undefined) throw new Unhandled(error);
      const { handler, owner } = found;
      const jump = await this.#step(handler.body, owner.forHandler());
      // As in Spark, what another block's handler leaves from inside of this one is only this one.
      if (jump !== undefined && !('exit' in jump)) return jump;
      return handler.goesOn ? undefined : { exit: owner };
    }
  }

  async #run(statement: ScriptStatement, scope: Scope): Promise<Jump> {
    switch (statement.kind) {
      case 'compound':
        return this.compound(statement, scope);
      case 'run':
        await this.#statement(this.#read(statement.text, scope) ?? statement.statement, scope);
        return undefined;
      case 'declare':
        await declare(statement.variable, scope.variables, this.#context(scope));
        return undefined;
      case 'assign':
        await assign((this.#read(statement.text, scope) as Assign) ?? statement.assign, this.#context(scope));
        return undefined;
      case 'if': {
        for (const { when, body } of statement.branches)
          if (await this.#holds(when, scope)) return this.#all(body, scope);
        return this.#all(statement.otherwise, scope);
      }
      case 'case': {
        const value = await oneValue(statement.value, this.#context(scope));
        for (const { when, body } of statement.branches) {
          if (await this.#holds(call('eq', value, when), scope)) return this.#all(body, scope);
        }
        return this.#all(statement.otherwise, scope);
      }
      case 'loop':
        return this.#loop(statement, scope);
      case 'for':
        return this.#for(statement, scope);
      case 'leave':
        return { leave: statement.label };
      case 'iterate':
        return { iterate: statement.label };
    }
  }

  async #statement(statement: SqlStatement, scope: Scope): Promise<void> {
    const context = this.#context(scope);
    if (statement.kind !== 'query') {
      const rows = await runCommand(statement, context);
      if (statement.kind === 'execute_immediate' && outputOf(rows).length > 0) this.result = rows;
      return;
    }
    const { schema, columns, rows } = await collect(statement.plan, context);
    this.result = local({ schema, content: { kind: 'scalars', rows, columns } });
  }

  async #loop(loop: Extract<ScriptStatement, { kind: 'loop' }>, scope: Scope): Promise<Jump> {
    const { label, asLongAs, until, body } = loop;
    while (asLongAs === undefined || (await this.#holds(asLongAs, scope))) {
      const jump = await this.#all(body, scope);
      if (isLeft(jump, label)) return undefined;
      if (jump !== undefined && !isNext(jump, label)) return jump;
      if (until !== undefined && (await this.#holds(until, scope))) return undefined;
    }
    return undefined;
  }

  /** The rows are all there before the first round: what the rounds write does not add to them. */
  async #for(loop: Extract<ScriptStatement, { kind: 'for' }>, scope: Scope): Promise<Jump> {
    const { label, variable, body } = loop;
    const again = this.#read(loop.text, scope);
    const query = again?.kind === 'query' ? again.plan : loop.query;
    const { schema, columns, rows } = await collect(query, this.#context(scope));
    for (let row = 0; row < rows; row++) {
      const inside = new Scope(variable?.toLowerCase(), scope);
      for (const [c, { name, type }] of schema.fields.entries()) {
        inside.variables.requireNew(name);
        inside.variables.set(name, literal(type, columns[c]?.[row] ?? null));
      }
      const jump = await this.#all(body, inside);
      if (isLeft(jump, label)) return undefined;
      if (jump !== undefined && !isNext(jump, label)) return jump;
    }
    return undefined;
  }

  /** Whether a condition is true; null is not. */
  async #holds(condition: Expr, scope: Scope): Promise<boolean> {
    const { type, value } = await oneValue(condition, this.#context(scope));
    if (type.kind === 'boolean') return value === true;
    throw new SparrowError('INVALID_BOOLEAN_STATEMENT', `a condition is a boolean, and this is ${simpleString(type)}`, {
      sqlState: '22546',
    });
  }

  /** A statement read with what variables are now. */
  #read(text: string | undefined, { lookup }: Scope): SqlStatement | undefined {
    if (text === undefined) return undefined;
    const { catalog, conf } = this.session;
    const session = lookupIn((parts) => catalog.variables.find(withoutSession(parts)));
    const constantOf = valuesOf(this.source.parameters, (parts) => lookup(parts) ?? session(parts));
    return parseStatement(text, { ...conf.settings, constantOf });
  }

  #context(scope: Scope): CommandContext {
    const { conf } = this.session;
    return {
      ...this.session,
      source: this.source,
      settings: { ...conf.settings, variable: scope.lookup },
      variables: scope.find,
    };
  }
}

const isLeft = (jump: Jump, label: string | undefined): boolean =>
  jump !== undefined && 'leave' in jump && jump.leave === label;
const isNext = (jump: Jump, label: string | undefined): boolean =>
  jump !== undefined && 'iterate' in jump && jump.iterate === label;
