import {
  type DataType,
  type Field,
  field,
  int32Type,
  isInteger,
  nullType,
  type Scalar,
  sameType,
} from '../base/index.js';
import {
  type ArgType,
  type Call,
  type GeneratorFunction,
  type GeneratorResolution,
  generator,
  type Mismatch,
} from './define.js';
import { entriesOf, isArray, isMap, items, mismatch } from './nested-values.js';
import { wrongCount, wrongType } from './signature.js';

type Resolved = GeneratorResolution | Mismatch;
type Rows = readonly (readonly Scalar[])[];

const NO_ROWS: Rows = [];

const position: Field = field('pos', int32Type, false);

/** explode and posexplode: the elements of an array, or the entries of a map. */
const resolveExplode =
  (positions: boolean, outer: boolean): GeneratorFunction['resolve'] =>
  (args): Resolved => {
    const [input] = args;
    if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
    const { type } = input;
    const before = positions ? [outer ? field('pos', int32Type, true) : position] : [];
    if (isArray(type)) return made([type], [...before, field('col', type.element, outer || type.containsNull)], outer);
    if (!isMap(type)) return wrongType(0, 'an ARRAY or a MAP', type);
    const { key, value, valueContainsNull } = type;
    const columns = [...before, field('key', key, outer), field('value', value, outer || valueContainsNull)];
    return made([type], columns, outer);
  };

const made = (args: readonly DataType[], columns: readonly Field[], outer = false): GeneratorResolution =>
  outer ? { args, columns, outer } : { args, columns };

const explode =
  (positions: boolean) =>
  ([input]: readonly Scalar[], call: Call): Rows => {
    if (input === null || input === undefined) return NO_ROWS;
    const rows = call.argTypes[0]?.kind === 'map' ? entriesOf(input) : items(input).map((item) => [item]);
    return positions ? rows.map((row, i) => [i, ...row]) : rows;
  };

const resolveInline =
  (outer: boolean): GeneratorFunction['resolve'] =>
  (args): Resolved => {
    const [input] = args;
    if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
    const { type } = input;
    if (!isArray(type) || type.element.kind !== 'struct') return wrongType(0, 'an ARRAY of STRUCT', type);
    const { containsNull } = type;
    const columns = type.element.fields.map((f) => field(f.name, f.type, f.nullable || containsNull || outer));
    return made([type], columns, outer);
  };

function inline([input]: readonly Scalar[], call: Call): Rows {
  if (input === null || input === undefined) return NO_ROWS;
  const type = call.argTypes[0] as DataType;
  const width = isArray(type) && type.element.kind === 'struct' ? type.element.fields.length : 0;
  const nulls: readonly Scalar[] = new Array<Scalar>(width).fill(null);
  return items(input).map((struct) => (struct === null ? nulls : items(struct)));
}

/** stack(n, v1, …, vk): n rows, filled line by line. */
function resolveStack(args: readonly ArgType[]): Resolved {
  const [count, ...values] = args;
  if (count === undefined || values.length === 0) return wrongCount(args.length, 2, Number.POSITIVE_INFINITY);
  if (!isInteger(count.type)) return wrongType(0, 'an INT', count.type);
  if (count.literal === undefined) return mismatch('the number of rows must be a constant', 'NON_FOLDABLE_INPUT');
  const rows = Number(count.literal ?? 0);
  if (rows <= 0) return mismatch('the number of rows must be positive', 'VALUE_OUT_OF_RANGE');
  const width = Math.ceil(values.length / rows);
  const columns: Field[] = [];
  const types: DataType[] = [];
  for (let i = 0; i < width; i++) {
    const inColumn = values.filter((_, k) => k % width === i);
    // As in Spark: nothing but NULL takes the type of the others.
    const [type = nullType, other] = uniqueTypes(inColumn.map((arg) => arg.type));
    if (other !== undefined)
      return mismatch(`the values of column ${i} are of different types`, 'STACK_COLUMN_DIFF_TYPES');
    types.push(type);
    const nullable = inColumn.length < rows || inColumn.some((arg) => arg.nullable);
    columns.push(field(`col${i}`, type, nullable));
  }
  return made([int32Type, ...values.map((_, k) => types[k % width] ?? nullType)], columns);
}

const uniqueTypes = (types: readonly DataType[]): readonly DataType[] =>
  types.filter((type, i) => type.kind !== 'null' && !types.slice(0, i).some((before) => sameType(before, type)));

function stack([count, ...values]: readonly Scalar[]): Rows {
  const rows = count as number;
  const width = Math.ceil(values.length / rows);
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: width }, (_, c): Scalar => values[r * width + c] ?? null),
  );
}

export const generatorFunctions = {
  /** A row for each element of an array, or entry of a map. */
  explode: generator({
    name: 'explode',
    sql: ['explode'],
    summary: 'A row for each element of an array (column col), or for each entry of a map (columns key and value).',
    resolve: resolveExplode(false, false),
    eval: explode(false),
    examples: [['explode(array(10, 20))', '10\n20']],
  }),
  /** As `explode`, with a row of null where there is nothing to take apart. */
  explodeOuter: generator({
    name: 'explodeOuter',
    sql: ['explode_outer'],
    summary: 'As explode, with a row of nulls for an array or map that is null or empty.',
    resolve: resolveExplode(false, true),
    eval: explode(false),
    examples: [['explode_outer(array(10, 20))', '10\n20']],
  }),
  /** As `explode`, with the position from 0. */
  posexplode: generator({
    name: 'posexplode',
    sql: ['posexplode'],
    summary: 'As explode, with the position from 0 in a column pos before.',
    resolve: resolveExplode(true, false),
    eval: explode(true),
    examples: [['posexplode(array(10, 20))', '0\t10\n1\t20']],
  }),
  /** As `posexplode`, with a row of nulls where there is nothing to take apart. */
  posexplodeOuter: generator({
    name: 'posexplodeOuter',
    sql: ['posexplode_outer'],
    summary: 'As posexplode, with a row of nulls for an array or map that is null or empty.',
    resolve: resolveExplode(true, true),
    eval: explode(true),
    examples: [['posexplode_outer(array(10, 20))', '0\t10\n1\t20']],
  }),
  /** A row for each struct of an array, its fields as columns. */
  inline: generator({
    name: 'inline',
    sql: ['inline'],
    summary: 'A row for each struct of an array, its fields as columns.',
    resolve: resolveInline(false),
    eval: inline,
    examples: [["inline(array(struct(1, 'a'), struct(2, 'b')))", '1\ta\n2\tb']],
  }),
  /** As `inline`, with a row of nulls for an array that is null or empty. */
  inlineOuter: generator({
    name: 'inlineOuter',
    sql: ['inline_outer'],
    summary: 'As inline, with a row of nulls for an array that is null or empty.',
    resolve: resolveInline(true),
    eval: inline,
    examples: [["inline_outer(array(struct(1, 'a'), struct(2, 'b')))", '1\ta\n2\tb']],
  }),
  /** The values in so many rows, filled line by line. */
  stack: generator({
    name: 'stack',
    sql: ['stack'],
    summary: 'The values in n rows, filled line by line; what is missing in the last row is null.',
    resolve: resolveStack,
    eval: stack,
    examples: [['stack(2, 1, 2, 3)', '1\t2\n3\tNULL']],
  }),
};
