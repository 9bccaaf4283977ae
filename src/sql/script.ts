import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { Assign, Command, SqlStatement } from './command.js';

/** What a handler is for: a named condition, an SQLSTATE, or one of the two that stand for many. */
export interface HandledConditions {
  /** Names of error conditions, in upper case. */
  readonly names: readonly string[];
  /** In upper case. */
  readonly states: readonly string[];
  readonly any: boolean;
  readonly notFound: boolean;
}

export interface ExceptionHandler extends HandledConditions {
  /** CONTINUE goes on behind the statement that failed; EXIT leaves the block of the handler. */
  readonly goesOn: boolean;
  readonly body: ScriptStatement;
}

/** BEGIN … END: names of its own, and what to do when one of its statements fails. */
export interface Compound {
  readonly kind: 'compound';
  readonly label?: string;
  readonly body: readonly ScriptStatement[];
  readonly handlers: readonly ExceptionHandler[];
}

interface Branch {
  readonly when: Expr;
  readonly body: readonly ScriptStatement[];
}

/** A statement as text, where IDENTIFIER in it may name something else each time it runs. */
interface ReadAgain {
  readonly text?: string;
}

export type ScriptStatement =
  | Compound
  | ({ readonly kind: 'run'; readonly statement: SqlStatement } & ReadAgain)
  | { readonly kind: 'declare'; readonly variable: Extract<Command, { kind: 'declare_variable' }> }
  | ({ readonly kind: 'assign'; readonly assign: Assign } & ReadAgain)
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly ScriptStatement[] }
  | {
      readonly kind: 'case';
      readonly value: Expr;
      readonly branches: readonly Branch[];
      readonly otherwise: readonly ScriptStatement[];
    }
  | {
      readonly kind: 'loop';
      readonly label?: string;
      /** Asked before each round, and the loop ends when it is not true. */
      readonly asLongAs?: Expr;
      /** Asked after each round, and the loop ends when it is true. */
      readonly until?: Expr;
      readonly body: readonly ScriptStatement[];
    }
  | (ReadAgain & {
      readonly kind: 'for';
      readonly label?: string;
      /** Qualifies the columns of the query. */
      readonly variable?: string;
      readonly query: Plan;
      readonly body: readonly ScriptStatement[];
    })
  | { readonly kind: 'leave' | 'iterate'; readonly label: string };
