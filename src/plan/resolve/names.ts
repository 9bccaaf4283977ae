import { nearestNames, SparrowError } from '../../base/index.js';
import type { Attribute } from '../expr.js';

/** `a.b.\`c.d\`` → `['a', 'b', 'c.d']`. */
export function nameParts(name: string): readonly string[] {
  if (!name.includes('.') && !name.includes('`')) return [name];
  const parts: string[] = [];
  let at = 0;
  while (at <= name.length) {
    if (name[at] === '`') {
      const match = /`((?:[^`]|``)*)`(?=\.|$)/y;
      match.lastIndex = at;
      const found = match.exec(name);
      if (found === null) throw badName(name);
      parts.push((found[1] ?? '').replaceAll('``', '`'));
      at = match.lastIndex + 1;
    } else {
      const dot = name.indexOf('.', at);
      const end = dot === -1 ? name.length : dot;
      const part = name.slice(at, end);
      if (part === '' || part.includes('`')) throw badName(name);
      parts.push(part);
      at = end + 1;
    }
  }
  return parts;
}

const badName = (name: string): SparrowError =>
  new SparrowError('INVALID_ATTRIBUTE_NAME_SYNTAX', `\`${name}\` is not a column name`, {
    sqlState: '42601',
    hint: 'protect parts that hold dots or backquotes with backquotes, and double the backquotes inside',
  });

/** A name for a message or for use in text: protected when it must be. */
export const quoteName = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;

/** The columns a name means, with the rest of the name (struct fields) after them. */
export interface NameMatch {
  readonly attributes: readonly Attribute[];
  readonly fields: readonly string[];
}

/** Catalog, database and table. */
const MOST_QUALIFIERS = 3;
/** After this many look-ups in one list of columns an index is made. */
const LOOKUPS_BEFORE_INDEX = 4;

/** Columns by name, without regard to case unless asked. */
export class NameIndex {
  readonly #output: readonly Attribute[];
  readonly #caseSensitive: boolean;
  #lookups = 0;
  #index: Map<string, Attribute[]> | undefined;

  constructor(output: readonly Attribute[], caseSensitive: boolean) {
    this.#output = output;
    this.#caseSensitive = caseSensitive;
  }

  named(name: string): readonly Attribute[] {
    const key = this.#key(name);
    if (this.#index === undefined) {
      if (++this.#lookups <= LOOKUPS_BEFORE_INDEX) return this.#output.filter((a) => this.#key(a.name) === key);
      this.#index = new Map();
      for (const attribute of this.#output) {
        const own = this.#key(attribute.name);
        const same = this.#index.get(own);
        if (same === undefined) this.#index.set(own, [attribute]);
        else same.push(attribute);
      }
    }
    return this.#index.get(key) ?? [];
  }

  /** As Spark: a qualified column first, then a column with struct fields. */
  match(parts: readonly string[]): NameMatch {
    const [first = ''] = parts;
    // `catalog.database.table.column`, then what is shorter.
    for (let count = Math.min(parts.length - 1, MOST_QUALIFIERS); count > 0; count--) {
      const owner = parts.slice(0, count);
      const attributes = this.named(parts[count] as string).filter((a) => this.#isOf(a, owner));
      if (attributes.length > 0) return { attributes, fields: parts.slice(count + 1) };
    }
    return { attributes: this.named(first).filter((a) => a.key === undefined), fields: parts.slice(1) };
  }

  qualified(qualifier: string): readonly Attribute[] {
    const parts = nameParts(qualifier);
    return this.#output.filter((a) => this.#isOf(a, parts));
  }

  /** Whether a column is of that table: `table`, `database.table` or `catalog.database.table`. */
  #isOf({ qualifier, path }: Attribute, parts: readonly string[]): boolean {
    if (qualifier === undefined || this.#key(qualifier) !== this.#key(parts.at(-1) as string)) return false;
    if (parts.length === 1) return true;
    const wanted = this.#key(parts.slice(0, -1).join('.'));
    const own = path === undefined ? undefined : this.#key(path);
    return own === wanted || (own?.endsWith(`.${wanted}`) === true && parts.length === 2);
  }

  #key(name: string): string {
    return this.#caseSensitive ? name : name.toLowerCase();
  }
}

const indexes = [new WeakMap<readonly Attribute[], NameIndex>(), new WeakMap<readonly Attribute[], NameIndex>()];

export function indexOf(output: readonly Attribute[], caseSensitive: boolean): NameIndex {
  const known = indexes[caseSensitive ? 1 : 0] as WeakMap<readonly Attribute[], NameIndex>;
  let index = known.get(output);
  if (index === undefined) {
    index = new NameIndex(output, caseSensitive);
    known.set(output, index);
  }
  return index;
}

/** A column as messages name it, with its qualifier where it has one. */
const fullName = (attribute: Attribute): string =>
  attribute.qualifier === undefined
    ? quoteName(attribute.name)
    : `${quoteName(attribute.qualifier)}.${quoteName(attribute.name)}`;

export function unresolvedColumn(name: string, output: readonly Attribute[]): SparrowError {
  const names = [...new Set(output.map(fullName))];
  return new SparrowError('UNRESOLVED_COLUMN', `there is no column \`${name}\` here`, {
    candidates: nearestNames(name, names),
    sqlState: '42703',
    subclass: names.length === 0 ? 'WITHOUT_SUGGESTION' : 'WITH_SUGGESTION',
    parameters: { objectName: name, proposal: names.slice(0, 5).join(', ') },
    ...(names.length === 0 ? { hint: 'the input has no columns' } : {}),
  });
}

export function ambiguousReference(name: string, attributes: readonly Attribute[]): SparrowError {
  return new SparrowError('AMBIGUOUS_REFERENCE', `the name \`${name}\` means ${attributes.length} columns here`, {
    candidates: attributes.map((a) => fullName(a)),
    sqlState: '42704',
    parameters: { name },
    hint: 'take the column from its DataFrame (df.col("…")), give one side an alias (df.alias("l")), or rename it',
  });
}
