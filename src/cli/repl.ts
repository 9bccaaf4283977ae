import type { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type REPLServer, start } from 'node:repl';
import { col, expr, fn, lit, when } from '../api/functions.js';
import { Session } from '../api/session.js';
import { StorageLevel } from '../api/storage-level.js';
import { t } from '../api/types.js';
import { udf } from '../api/udf.js';
import { Window } from '../api/window.js';
import { cancellableSession } from './cancel.js';
import { columnCompletions } from './complete.js';
import { errorText, isCancellation } from './errors.js';
import { InputGate } from './input-gate.js';
import { Statements } from './statements.js';

// The prompt completes the names of a plain object only.
const scope = { Session, StorageLevel, Window, col, expr, fn: Object.freeze({ ...fn }), lit, t, udf, when };

/**
 * Node's REPL with a session in scope, on a terminal; from a pipe, the lines of a script. Settles with the exit code
 * when the user leaves or the input ends, the session stopped.
 */
export async function runRepl(version: string): Promise<number> {
  const { stdin, stdout } = process;
  const interactive = stdin.isTTY === true && stdout.isTTY === true;
  const { session, cancel } = await cancellableSession();
  const statements = new Statements(cancel, () => gate.pressCtrlC());
  const gate = new InputGate(stdin, statements);
  const disarm = interactive ? survivingSigint(statements, () => gate.pressCtrlC()) : () => {};
  if (interactive) stdout.write(banner(version));
  let failures = 0;
  const report = (error: unknown): void => {
    failures++;
    const text = isCancellation(error) ? 'Canceled.' : errorText(error);
    (interactive ? stdout : process.stderr).write(`${text}\n`);
  };
  const server = startServer(gate, interactive, statements, report);
  Object.assign(server.context, scope, { session });
  if (interactive) await keepHistory(server);
  const left = new Promise<'left' | 'stopped'>((resolve) => {
    server.once('exit', () => resolve('left'));
    // On a terminal Ctrl-C is a key; this is the signal a script gets.
    if (!interactive) process.once('SIGINT', () => resolve('stopped'));
  });
  gate.open();
  const how = await left;
  gate.close();
  if (how === 'stopped') cancel();
  else if (!interactive && statements.unfinished) report(new SyntaxError('the input ends within a statement'));
  await session.stop();
  disarm();
  if (how === 'stopped') return 130;
  return interactive || failures === 0 ? 0 : 1;
}

/**
 * On a terminal a SIGINT is Ctrl-C, whenever it comes. While the REPL evaluates it watches for the signal itself, which
 * fails beside a listener and leaves the default behind, the end of the process: so the listener steps aside each time.
 */
function survivingSigint(statements: Statements, pressCtrlC: () => void): () => void {
  const handle = (): void => {
    if (statements.busy) statements.interrupt();
    else pressCtrlC();
  };
  const disarm = (): void => {
    process.off('SIGINT', handle);
  };
  const arm = (): void => {
    disarm();
    process.on('SIGINT', handle);
  };
  arm();
  statements.aroundEach = (evaluate) => {
    disarm();
    try {
      return evaluate();
    } finally {
      arm();
    }
  };
  return disarm;
}

function startServer(
  gate: InputGate,
  interactive: boolean,
  statements: Statements,
  report: (error: unknown) => void,
): REPLServer {
  const { stdout } = process;
  const colors = interactive && stdout.hasColors();
  const handled = (error: unknown): void => {
    Object.assign(server, { lastError: error });
    report(error);
    server.clearBufferedCommand();
    server.displayPrompt();
  };
  const options = {
    prompt: interactive ? 'sparrow> ' : '',
    input: gate,
    output: stdout,
    terminal: interactive,
    useColors: colors,
    // One realm: arrays and dates made at the prompt are those the library knows.
    useGlobal: true,
    ignoreUndefined: true,
    preview: false,
    // In a script it would leave no handler of SIGINT behind.
    breakEvalOnSigint: interactive,
    writer: (value: unknown) => statements.text(value, colors),
    // Node 25 and later ask here how to report an error; before, errors went to a domain of the REPL's own.
    handleError: (error: unknown) => {
      handled(error);
      return 'ignore';
    },
  };
  const server = start(options);
  (server as { readonly _domain?: EventEmitter })._domain?.removeAllListeners('error').on('error', handled);
  let closed = false;
  server.once('close', () => {
    closed = true;
  });
  const { eval: evaluate, completer: complete } = server;
  const prompt = server.displayPrompt.bind(server);
  Object.assign(server, {
    eval: statements.around(evaluate),
    completer: withColumns(complete as Completer, server),
    displayPrompt: (keepCursor?: boolean) => {
      statements.end();
      if (interactive && !closed) prompt(keepCursor);
    },
  });
  return server;
}

type Completer = (this: REPLServer, line: string, done: (error: Error | null, result?: unknown) => void) => void;

const withColumns =
  (complete: Completer, server: REPLServer): Completer =>
  (line, done) => {
    columnCompletions(line).then(
      (columns) => (columns === undefined ? complete.call(server, line, done) : done(null, columns)),
      () => complete.call(server, line, done),
    );
  };

/** In the user's home, or where SPARROW_HISTORY says; empty, or a place that cannot be written to, keeps none. */
function keepHistory(server: REPLServer): Promise<void> {
  const file = process.env.SPARROW_HISTORY ?? join(homedir(), '.sparrow_history');
  try {
    if (file.trim() === '') return Promise.resolve();
    closeSync(openSync(file, 'a+', 0o600));
  } catch {
    return Promise.resolve();
  }
  return new Promise((resolve) => server.setupHistory(file, () => resolve()));
}

const banner = (version: string): string =>
  `Sparrow ${version} on Node ${process.version}. At hand: session, ${Object.keys(scope).join(', ')}.\n` +
  'A frame shows its rows, a promise is awaited. Ctrl-C cancels a query, Ctrl-D leaves, .help says more.\n';
