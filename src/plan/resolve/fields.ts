import { type DataType, SparrowError, simpleString, stringType } from '../../base/index.js';
import type { Expr } from '../expr.js';
import { exprType } from '../expr-type.js';
import { columnName } from '../sql-text.js';
import { buildCall } from './calls.js';
import type { PlanSettings } from './context.js';
import { nameParts, quoteName } from './names.js';

/** A field of a struct, of every struct of an array, or a value of a map, by name. */
export function fieldOf(expr: Expr, name: string, settings: PlanSettings): Expr {
  const found = findField(expr, name, settings);
  if (typeof found !== 'string') return found;
  return buildCall('getField', [expr, stringLiteral(found)], settings);
}

/** The field's own name, or what stands for it in a map. */
function findField(expr: Expr, name: string, settings: PlanSettings): Expr | string {
  const type = exprType(expr);
  const holder = type.kind === 'array' ? type.element : type;
  if (holder.kind === 'map') return buildCall('getItem', [expr, stringLiteral(name)], settings);
  if (holder.kind !== 'struct') {
    throw new SparrowError(
      'INVALID_EXTRACT_BASE_FIELD_TYPE',
      `${columnName(expr)} is ${simpleString(type).toUpperCase()} and has no field \`${name}\``,
      {
        sqlState: '42000',
        hint: `for a column whose name holds a dot write ${quoteName(`${columnName(expr)}.${name}`)}`,
      },
    );
  }
  const matches = holder.fields.filter((f) => f.name === name);
  const found = matches.length > 0 ? matches : holder.fields.filter((f) => f.name.toLowerCase() === name.toLowerCase());
  const [field] = found;
  if (field === undefined) {
    throw new SparrowError('FIELD_NOT_FOUND', `${columnName(expr)} has no field \`${name}\``, {
      sqlState: '42704',
      candidates: holder.fields.map((f) => f.name),
    });
  }
  if (found.length > 1) {
    throw new SparrowError(
      'AMBIGUOUS_REFERENCE_TO_FIELDS',
      `${columnName(expr)} has ${found.length} fields \`${name}\``,
      {
        sqlState: '42000',
      },
    );
  }
  return field.name;
}

const stringLiteral = (value: string): Expr => ({ kind: 'literal', type: stringType, value });

/** The struct whose fields are named, when there is one: of the value or of an array's elements. */
const holdsFields = (type: DataType): boolean =>
  type.kind === 'struct' || (type.kind === 'array' && type.element.kind === 'struct');

/** `a['b']` and `a.b` of any expression: a field where there are fields, else an element. */
export function extract(args: readonly Expr[], settings: PlanSettings): Expr | undefined {
  const [input, key] = args;
  if (input === undefined || key === undefined || args.length !== 2) return undefined;
  if (key.kind !== 'literal' || typeof key.value !== 'string' || key.type.kind !== 'string') return undefined;
  return holdsFields(exprType(input)) ? fieldOf(input, key.value, settings) : undefined;
}

/** What an argument is called: by its alias, its column's last part or its field. */
export function argumentName(original: Expr, resolved: Expr): string | undefined {
  if (original.kind === 'alias') return original.name;
  if (original.kind === 'unresolved_column') return nameParts(original.name).at(-1);
  if (resolved.kind === 'attribute' || resolved.kind === 'lambda_variable') return resolved.name;
  if (resolved.kind !== 'call' || resolved.fn !== 'getField') return undefined;
  const field = resolved.args[1];
  return field?.kind === 'literal' && typeof field.value === 'string' ? field.value : undefined;
}
