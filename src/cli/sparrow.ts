#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { errorText, isCancellation, UsageError } from './errors.js';

const help = `Sparrow: Spark's DataFrame for Node.js

  sparrow                          a prompt with a session, also: sparrow repl
  sparrow < script.js              runs the lines of a script as the prompt would
  sparrow <file> [<file> …]        the schema and the first rows of Parquet and CSV files
  sparrow convert <from> <to>      CSV to Parquet or back, as the names of the files say

Options
  -n, --rows <count>               how many rows of a file are shown (20)
      --overwrite                  convert: replace a file that exists
  -h, --help                       this text
  -v, --version                    the version

Exit code: 0 when all went well, 1 when something failed, 2 when the command was not understood,
130 after Ctrl-C. DEBUG=1 adds the stack to an error. SPARROW_HISTORY names the prompt's history
file (~/.sparrow_history); empty, it keeps none.
`;

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function parsed(args: readonly string[]) {
  const options = {
    rows: { type: 'string', short: 'n', default: '20' },
    overwrite: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    version: { type: 'boolean', short: 'v', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new UsageError(`${sentence}. Hint: see sparrow --help.`);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parsed(args);
  const [command, ...rest] = positionals;
  if (values.help) process.stdout.write(help);
  else if (values.version) console.log(version());
  else if (command === undefined || (command === 'repl' && rest.length === 0)) {
    const { runRepl } = await import('./repl.js');
    return runRepl(version());
  } else {
    const { convert, showFiles } = await import('./files.js');
    const controller = new AbortController();
    process.once('SIGINT', () => controller.abort());
    if (command === 'convert') {
      const [from, to] = rest;
      if (from === undefined || to === undefined || rest.length > 2) {
        throw new UsageError('convert takes two files. Hint: sparrow convert flights.csv flights.parquet');
      }
      const rows = await convert(from, to, values.overwrite, controller.signal);
      console.log(`${to}: ${rows} ${rows === 1 ? 'row' : 'rows'}`);
    } else await showFiles(positionals, wholeNumber(values.rows), controller.signal);
  }
  return 0;
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--rows takes a whole number, not ${text}`);
}

function failed(error: unknown): number {
  if (isCancellation(error)) return 130;
  process.stderr.write(`sparrow: ${errorText(error)}\n`);
  return error instanceof UsageError ? 2 : 1;
}

// The reader of our output may have seen enough: `sparrow flights.csv | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await main(process.argv.slice(2)).catch(failed);
// Whatever was left running at the prompt (a timer, a server) does not outlive it; nothing of Sparrow's is.
setTimeout(() => process.exit(), 1000).unref();
