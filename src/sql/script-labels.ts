import { nearestNames, SparrowError } from '../base/index.js';
import type { NameParts } from './command.js';

const forbidden: ReadonlySet<string> = new Set(['system', 'session', 'builtin']);

type Kind = 'compound' | 'loop' | 'variable';

/** The labels of the blocks and loops around, and the variables of FOR. */
export class Labels {
  readonly #open: { readonly name: string; readonly kind: Kind }[] = [];

  open(label: string | undefined, kind: Kind): void {
    if (label === undefined) return;
    const name = label.toLowerCase();
    if (forbidden.has(name)) {
      throw labelError('LABEL_OR_FOR_VARIABLE_NAME_FORBIDDEN', `\`${label}\` cannot be a label: it names a catalog`);
    }
    if (this.#open.some((each) => each.name === name)) {
      throw labelError('LABEL_OR_FOR_VARIABLE_ALREADY_EXISTS', `there is a label \`${label}\` around this already`);
    }
    this.#open.push({ name, kind });
  }

  /** What stands behind END has to be what stood before. */
  closedAs(end: string, label: string | undefined): void {
    if (label === undefined) {
      throw labelError('END_LABEL_WITHOUT_BEGIN_LABEL', `the label \`${end}\` stands at the end and not at the start`);
    }
    if (end.toLowerCase() === label.toLowerCase()) return;
    throw labelError('LABELS_MISMATCH', `the label \`${label}\` at the start is \`${end}\` at the end`);
  }

  close(label: string | undefined): void {
    if (label !== undefined) this.#open.pop();
  }

  /** The label that LEAVE or ITERATE names, in lower case. */
  used(parts: NameParts, statement: string): string {
    const name = parts.join('.').toLowerCase();
    const found = this.#open.find((each) => each.name === name && each.kind !== 'variable');
    if (found === undefined) {
      throw labelError('INVALID_LABEL_USAGE.DOES_NOT_EXIST', `${statement}: there is no label \`${name}\` around`, [
        ...this.#open.map((each) => each.name),
      ]);
    }
    if (statement === 'ITERATE' && found.kind === 'compound') {
      throw labelError('INVALID_LABEL_USAGE.ITERATE_IN_COMPOUND', `ITERATE: \`${name}\` is no loop`);
    }
    return name;
  }
}

function labelError(code: string, what: string, known: readonly string[] = []): SparrowError {
  const candidates = known.length === 0 ? {} : { candidates: nearestNames('', known) };
  return new SparrowError(code, what, { sqlState: '42K0L', ...candidates });
}
