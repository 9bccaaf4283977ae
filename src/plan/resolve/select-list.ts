import { SparrowError } from '../../base/index.js';
import type { Attribute, Expr } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { foldLiteralCasts } from './calls.js';
import type { Context } from './context.js';
import { type Named, named, resolveExpr } from './exprs.js';
import { namedColumns } from './generators.js';
import type { Scope } from './scope.js';

const isNamedItself = ({ kind }: Expr): boolean => kind === 'alias' || kind === 'unresolved_column';

const reference = (name: string, expr: Expr): Attribute => ({
  kind: 'attribute',
  id: -1,
  name: `lateralAliasReference(${name})`,
  type: exprType(expr),
  nullable: exprNullable(expr),
});

/** A select list in which later columns may name earlier aliases; the input's own columns go before those. */
export function resolveList(
  originals: readonly Expr[],
  scope: Scope,
  { settings }: Context,
  prepare: (expr: Expr, scope: Scope) => Expr = (expr) => expr,
): readonly Named[] {
  const aliases = new Map<string, Expr[]>();
  const references = new Set<string>();
  const generated = new Map<string, Attribute>();
  let forName = false;
  const key = (name: string): string => (scope.caseSensitive ? name : name.toLowerCase());
  const withAliases: Scope = {
    ...scope,
    fallback: (parts, column) => {
      const made = column.planId === undefined ? generated.get(key(parts[0] ?? '')) : undefined;
      if (made !== undefined) return { expr: made, fields: parts.slice(1) };
      const found = column.planId === undefined ? aliases.get(key(parts[0] ?? '')) : undefined;
      if (found === undefined) return scope.fallback?.(parts, column);
      if (found.length > 1) {
        throw new SparrowError(
          'AMBIGUOUS_LATERAL_COLUMN_ALIAS',
          `the alias \`${parts[0]}\` is given ${found.length} times in this list`,
          { sqlState: '42702', parameters: { name: `\`${parts[0]}\``, n: `${found.length}` } },
        );
      }
      const expr = found[0] as Expr;
      references.add(parts[0] as string);
      return { expr: forName ? reference(parts[0] as string, expr) : expr, fields: parts.slice(1) };
    },
  };

  /** Spark's name of a column without one says where it reads an alias of the list. */
  const withName = (original: Expr, column: Named): Named => {
    if (references.size === 0 || column.kind !== 'alias' || isNamedItself(original)) return column;
    forName = true;
    const shown = named(
      original,
      resolveExpr(prepare(original, withAliases), withAliases, settings),
      settings.timeZone,
    );
    forName = false;
    return Object.freeze({ ...column, name: shown.name });
  };
  return originals.map((original) => {
    references.clear();
    const resolved = resolveExpr(prepare(original, withAliases), withAliases, settings);
    const own = foldLiteralCasts(named(original, resolved, settings.timeZone), settings) as Named;
    const column = withName(original, own);
    const outputs = original.kind === 'alias' ? namedColumns(column, settings) : [];
    if (outputs.length > 0) {
      for (const output of outputs) generated.set(key(output.name), output);
      return Object.freeze({ ...column, outputs });
    }
    // What only names an alias of the list gives no other one, and neither does a variable.
    const isField =
      original.kind === 'unresolved_column' &&
      column.kind === 'alias' &&
      column.input.kind !== 'literal' &&
      references.size === 0;
    if ((original.kind === 'alias' || isField) && column.kind === 'alias') {
      const known = aliases.get(key(column.name));
      if (known === undefined) aliases.set(key(column.name), [column.input]);
      else known.push(column.input);
    } else if (original.kind === 'alias') {
      aliases.set(key(column.name), [column]);
    }
    return column;
  });
}
