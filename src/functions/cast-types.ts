import { type DataType, integerBounds, isFloating, isInteger, isNumeric } from '../base/index.js';
import { inside } from './emit.js';
import { scaleRange } from './int-emit.js';
import { isIntervalType } from './signature.js';
import { becomesVariant, comesOfVariant } from './variant-cast.js';

export const isMoment = (type: DataType): boolean => type.kind === 'timestamp' || type.kind === 'timestamp_ntz';
export const isDatetime = (type: DataType): boolean => type.kind === 'date' || isMoment(type);
const isExact = (type: DataType): boolean => isInteger(type) || type.kind === 'decimal';

/** Whether CAST goes from one type to another; ANSI forbids what makes no sense. */
export function canCast(from: DataType, to: DataType, ansi = true): boolean {
  if (from.kind === 'null' || (from.kind === to.kind && !isNestedKind(from.kind))) return true;
  if (to.kind === 'string') return true;
  if (from.kind === 'variant') return comesOfVariant(to);
  if (to.kind === 'variant') return becomesVariant(from, false);
  if (from.kind === 'array' || from.kind === 'map' || from.kind === 'struct') return canCastNested(from, to, ansi);
  if (from.kind === 'string') return !isNestedKind(to.kind) && to.kind !== 'null';
  if (!ansi && canCastLoosely(from, to)) return true;
  if (isNumeric(from) || from.kind === 'boolean') {
    if (isNumeric(to) || to.kind === 'boolean') return true;
    if (isIntervalType(to)) return isExact(from);
    return to.kind === 'timestamp' && from.kind !== 'boolean';
  }
  if (from.kind === 'time') return to.kind === 'time' || isExact(to) || isMoment(to);
  if (to.kind === 'time' && (from.kind === 'timestamp' || from.kind === 'timestamp_ntz')) return true;
  if (isDatetime(from)) return isDatetime(to) || (from.kind === 'timestamp' && isNumeric(to));
  if (from.kind === 'binary') return false;
  return isIntervalType(from) && ((isIntervalType(to) && from.kind === to.kind) || isExact(to));
}

/** What only goes without ANSI. */
function canCastLoosely(from: DataType, to: DataType): boolean {
  if (isInteger(from) && to.kind === 'binary') return true;
  if (from.kind === 'boolean' && to.kind === 'timestamp') return true;
  return (
    (from.kind === 'date' && (isNumeric(to) || to.kind === 'boolean')) ||
    (from.kind === 'timestamp' && to.kind === 'boolean')
  );
}

/** Why a cast is refused: Spark's condition. */
export function castRefusal(from: DataType, to: DataType, safe: boolean, ansi: boolean): string {
  if (!ansi && !safe) return 'CAST_WITHOUT_SUGGESTION';
  if ((isNumeric(from) && to.kind === 'date') || (from.kind === 'date' && isNumeric(to)))
    return 'CAST_WITH_FUNC_SUGGESTION';
  if (from.kind === 'timestamp_ntz' && isNumeric(to)) return 'CAST_WITHOUT_SUGGESTION';
  return !safe && canCast(from, to, false) ? 'CAST_WITH_CONF_SUGGESTION' : 'CAST_WITHOUT_SUGGESTION';
}

export const isNestedKind = (kind: DataType['kind']): boolean =>
  kind === 'array' || kind === 'map' || kind === 'struct';

function canCastNested(from: DataType, to: DataType, ansi: boolean): boolean {
  if (from.kind === 'array' && to.kind === 'array') return canCast(from.element, to.element, ansi);
  if (from.kind === 'map' && to.kind === 'map')
    return canCast(from.key, to.key, ansi) && canCast(from.value, to.value, ansi);
  if (from.kind === 'struct' && to.kind === 'struct') {
    return (
      from.fields.length === to.fields.length &&
      from.fields.every((f, i) => canCast(f.type, to.fields[i]?.type ?? f.type, ansi))
    );
  }
  return false;
}

/** Whether a cast of a value that is not null can give null: only without ANSI, for try_cast, and from NaN. */
export function castNullable(from: DataType, to: DataType, tolerant: boolean, ansi: boolean): boolean {
  if ((isFloating(from) && to.kind === 'decimal') || from.kind === 'variant') return true;
  // Text that is no calendar interval is null, with ANSI, too.
  if (to.kind === 'interval') return true;
  return (tolerant || !ansi) && castFails(from, to);
}

/** Whether some value of the type cannot be cast. */
export function castFails(from: DataType, to: DataType): boolean {
  if (from.kind === 'null' || to.kind === 'string') return false;
  if (isNestedKind(from.kind)) return true;
  if (from.kind === 'string') return to.kind !== 'binary' && to.kind !== 'interval';
  // Without ANSI, a date as a number is null.
  if (from.kind === 'date' && (isNumeric(to) || to.kind === 'boolean')) return true;
  if (to.kind === 'boolean' || isFloating(to)) return false;
  if (isInteger(from) || from.kind === 'boolean' || from.kind === 'decimal') {
    if (isInteger(to) || to.kind === 'decimal') return !holds(from, to);
    return true;
  }
  if (isFloating(from)) return true;
  if (isDatetime(from)) return !(isMoment(from) && to.kind === 'date');
  if (from.kind === 'time') return !isMoment(to);
  return from.kind !== to.kind;
}

/** Whether the target holds every value of an integer or decimal type (after rounding). */
function holds(from: DataType, to: DataType): boolean {
  const source = integerBounds(from);
  const target = integerBounds(to);
  if (source === undefined || target === undefined) return false;
  const s1 = from.kind === 'decimal' ? from.scale : 0;
  const s2 = to.kind === 'decimal' ? to.scale : 0;
  if (s2 >= s1) return inside(scaleRange(source, s2 - s1), target);
  // Rounding may carry into one more digit.
  const divisor = 10n ** BigInt(s1 - s2);
  return inside([source[0] / divisor - 1n, source[1] / divisor + 1n], target);
}
