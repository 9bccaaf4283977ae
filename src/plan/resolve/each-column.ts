import {
  booleanType,
  type DataType,
  float64Type,
  isFloating,
  isNumeric,
  nullType,
  SparrowError,
  stringType,
} from '../../base/index.js';
import { alias, call, cast, filter, literal, project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import type { Plan } from '../node.js';
import type { ColumnChange, PlainValue } from '../node-summary.js';
import { outputOf } from '../output.js';
import type { Analyzed } from './analyzed.js';
import type { Context } from './context.js';
import { resolveFilter } from './filter-sort.js';
import { indexOf, unresolvedColumn } from './names.js';
import { resolveProject } from './project.js';

type Change<D extends ColumnChange['does']> = Extract<ColumnChange, { does: D }>;

/** What Spark's `na` functions and `to` make of a frame whose columns are known now. */
export function resolveEachColumn(change: ColumnChange, input: Analyzed, context: Context): Plan {
  const output = outputOf(input.plan);
  const index = indexOf(output, context.settings.caseSensitive === true);
  const named = (name: string): readonly Attribute[] => {
    const found = index.named(name);
    if (found.length === 0) throw unresolvedColumn(name, output);
    return found;
  };
  const meant = change.subset === undefined ? output : change.subset.flatMap(named);
  const changed = (exprs: readonly Expr[]): Plan => resolveProject(project(input.plan, exprs), input, context);
  const each = (of: (attribute: Attribute) => Expr | undefined): Plan =>
    changed(
      output.map((attribute) => {
        const made = of(attribute);
        return made === undefined ? attribute : alias(cast(made, attribute.type), attribute.name);
      }),
    );
  switch (change.does) {
    case 'fill': {
      const chosen = meant.filter((attribute) => takes(attribute.type, change.value));
      return each((attribute) => (chosen.includes(attribute) ? filled(attribute, change.value) : undefined));
    }
    case 'fill each': {
      const values = new Map(change.values.flatMap(([name, value]) => named(name).map((of) => [of, value] as const)));
      return each((attribute) => {
        const value = values.get(attribute);
        return value === undefined ? undefined : filled(attribute, value);
      });
    }
    case 'replace':
      return each((attribute) => (meant.includes(attribute) ? replaced(attribute, change) : undefined));
    case 'drop': {
      const kept = present(meant, change.least);
      return kept === undefined ? input.plan : resolveFilter(filter(input.plan, kept), input, context);
    }
    case 'match':
      return changed(matched(change, output, (name) => index.named(name)[0]));
  }
}

/** Numbers are for columns of numbers, texts for texts, truth for truth. */
const takes = (type: DataType, value: PlainValue): boolean =>
  typeof value === 'number' ? isNumeric(type) : type.kind === (typeof value === 'string' ? 'string' : 'boolean');

const literalOf = (value: PlainValue | null): Expr => {
  if (value === null) return literal(nullType, null);
  const type = { number: float64Type, string: stringType, boolean: booleanType }[
    typeof value as 'number' | 'string' | 'boolean'
  ];
  return literal(type, value);
};

const noNumber = (attribute: Attribute): boolean => isFloating(attribute.type);

/** NaN counts as missing, as in Spark. */
function filled(attribute: Attribute, value: PlainValue): Expr {
  const self = noNumber(attribute) ? call('nanvl', attribute, cast(literalOf(null), attribute.type)) : attribute;
  return call('coalesce', self, cast(literalOf(value), attribute.type));
}

/** Rows that have so many values, neither null nor NaN. */
function present(columns: readonly Attribute[], least: Change<'drop'>['least']): Expr | undefined {
  const conditions = columns.map((attribute) => {
    const isThere = call('isnotnull', attribute);
    return noNumber(attribute) ? call('and', isThere, call('not', call('isnan', attribute))) : isThere;
  });
  if (typeof least === 'string') {
    const [first, ...others] = conditions;
    const joined = least === 'any' ? 'and' : 'or';
    return first && others.reduce<Expr>((a, b) => call(joined, a, b), first);
  }
  const [zero, one] = [literalOf(0), literalOf(1)];
  const total = conditions.reduce<Expr>((sum, condition) => call('+', sum, call('if', condition, one, zero)), zero);
  return call('>=', total, literalOf(least));
}

/** Other values for values: of numbers in columns of numbers, of texts in texts. */
function replaced(attribute: Attribute, { pairs }: Change<'replace'>): Expr | undefined {
  if (pairs.length === 0 || !pairs.every(([from]) => takes(attribute.type, from))) return undefined;
  const branches = pairs.flatMap(([from, to]) => [
    call('=', attribute, literalOf(from)),
    cast(literalOf(to), attribute.type),
  ]);
  return call('when', ...branches, attribute);
}

/** The columns of a schema by name, cast to its types; what is missing is null where the schema allows it. */
function matched(
  { fields }: Change<'match'>,
  output: readonly Attribute[],
  find: (name: string) => Attribute | undefined,
): Expr[] {
  return fields.map(({ name, type, nullable }) => {
    const found = find(name);
    if (found === undefined && !nullable) throw unresolvedColumn(name, output);
    if (found?.nullable === true && !nullable) {
      throw new SparrowError('NULLABLE_COLUMN_OR_FIELD', `the column ${name} can be null, but the schema says not`, {
        sqlState: '42000',
        parameters: { name },
      });
    }
    return alias(cast(found ?? literalOf(null), type), name);
  });
}
