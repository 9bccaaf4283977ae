import {
  arrayType,
  type DataType,
  type Field,
  field,
  mapType,
  nullType,
  type Scalar,
  stringType,
  structType,
} from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { badMapKey, items, MapBuilder, mismatch } from './nested-values.js';
import { commonTypeOf, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const anyNullable = (args: readonly ArgType[]): boolean => args.some((arg) => arg.nullable);

function resolveArray(args: readonly ArgType[], { ansi }: { readonly ansi: boolean }): Resolved {
  const element = commonTypeOf(
    args.map((arg) => arg.type),
    ansi,
  );
  if (element === undefined) return mismatch('the elements are of different types', 'DATA_DIFF_TYPES');
  return { args: args.map(() => element), returns: arrayType(element, anyNullable(args)), nullable: false };
}

function resolveMap(args: readonly ArgType[]): Resolved {
  if (args.length % 2 !== 0) {
    return {
      mismatch: `takes keys and values in turn, not ${args.length} arguments`,
      code: 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    };
  }
  const keys = args.filter((_, i) => i % 2 === 0);
  const values = args.filter((_, i) => i % 2 === 1);
  const key = commonTypeOf(keys.map((arg) => arg.type));
  if (key === undefined) return mismatch('the keys are of different types', 'CREATE_MAP_KEY_DIFF_TYPES');
  const value = commonTypeOf(values.map((arg) => arg.type));
  if (value === undefined) return mismatch('the values are of different types', 'CREATE_MAP_VALUE_DIFF_TYPES');
  const bad = badMapKey(key);
  if (bad !== undefined) return bad;
  const types = args.map((_, i) => (i % 2 === 0 ? key : value));
  return { args: types, returns: mapType(key, value, anyNullable(values)), nullable: false };
}

function evalMap(args: readonly Scalar[], keyType: DataType): Scalar {
  const builder = new MapBuilder(keyType);
  for (let i = 0; i + 1 < args.length; i += 2) builder.add(args[i] as Scalar, args[i + 1] as Scalar);
  return builder.finish();
}

function resolveStruct(args: readonly ArgType[]): Resolved {
  const fields = args.map((arg, i): Field => field(arg.name ?? `col${i + 1}`, arg.type, arg.nullable));
  return { args: args.map((arg) => arg.type), returns: structType(fields), nullable: false };
}

function resolveNamedStruct(args: readonly ArgType[]): Resolved {
  if (args.length % 2 !== 0) {
    return {
      mismatch: `takes names and values in turn, not ${args.length} arguments`,
      code: 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    };
  }
  const fields: Field[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [name, value] = [args[i] as ArgType, args[i + 1] as ArgType];
    if (name.type.kind !== 'string' || name.literal === undefined) {
      return mismatch(
        'the names of the fields must be constant strings',
        'CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING',
      );
    }
    if (name.literal === null) return mismatch('the name of a field is NULL', 'UNEXPECTED_NULL');
    fields.push(field(name.literal as string, value.type, value.nullable));
  }
  const types = args.map((arg, i) => (i % 2 === 0 ? stringType : arg.type));
  return { args: types, returns: structType(fields), nullable: false };
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const fieldsOf = (type: DataType): readonly Field[] => (type.kind === 'struct' ? type.fields : []);

/** The struct and the name of a field of it, checked. */
function namedField(args: readonly ArgType[], count: number): { readonly name: string } | Mismatch {
  const [input, name] = args;
  if (input === undefined || name === undefined || args.length !== count) return wrongCount(args.length, count, count);
  if (input.type.kind !== 'struct') return wrongType(0, 'a STRUCT', input.type);
  if (typeof name.literal !== 'string') return mismatch('the name must be a constant string', 'NON_FOLDABLE_INPUT');
  return { name: name.literal };
}

function resolveWithField(args: readonly ArgType[]): Resolved {
  const named = namedField(args, 3);
  if ('mismatch' in named) return named;
  const [input, , value] = args as [ArgType, ArgType, ArgType];
  const made = field(named.name, value.type, value.nullable);
  const fields = fieldsOf(input.type);
  const exists = fields.some((f) => sameName(f.name, named.name));
  const all = fields.map((f) => (sameName(f.name, named.name) ? made : f));
  const returns = structType(exists ? all : [...all, made]);
  return { args: [input.type, stringType, value.type], returns, nullable: input.nullable };
}

function evalWithField([input, name, value]: readonly Scalar[], call: Call): Scalar {
  if (input === null) return null;
  const fields = fieldsOf(call.argTypes[0] as DataType);
  const struct = items(input).map((old, i) =>
    sameName(fields[i]?.name ?? '', name as string) ? (value ?? null) : old,
  );
  return fields.some((f) => sameName(f.name, name as string)) ? struct : [...struct, value ?? null];
}

function resolveDropField(args: readonly ArgType[]): Resolved {
  const named = namedField(args, 2);
  if ('mismatch' in named) return named;
  const [input] = args as [ArgType];
  const fields = fieldsOf(input.type).filter((f) => !sameName(f.name, named.name));
  if (fields.length === 0) return mismatch('no field would be left', 'CANNOT_DROP_ALL_FIELDS');
  return { args: [input.type, stringType], returns: structType(fields), nullable: input.nullable };
}

const why = 'nested values are put together by JS';

export const nestedMakeFunctions = {
  /** An array of the arguments. */
  array: scalar({
    name: 'array',
    sql: ['array'],
    summary: 'An array of the arguments, cast to their common type.',
    resolve: resolveArray,
    nulls: 'custom',
    eval: (args) => args.slice(),
    compiled: why,
    examples: [
      ['array(1, 2, 3)', '[1, 2, 3]'],
      ['array(1, null, 2.5)', '[1.0, null, 2.5]'],
    ],
  }),
  /** A map of the arguments: key, value, key, value, … */
  map: scalar({
    name: 'map',
    sql: ['map'],
    summary: 'A map of keys and values in turn. A key that is null or comes twice is an error.',
    resolve: resolveMap,
    nulls: 'custom',
    fails: true,
    eval: (args, call) => evalMap(args, call.argTypes[0] ?? nullType),
    compiled: why,
    examples: [["map(1.0, '2', 3.0, '4')", '{1.0 -> 2, 3.0 -> 4}']],
  }),
  /** A struct of the arguments, its fields called as the columns. */
  struct: scalar({
    name: 'struct',
    sql: ['struct'],
    summary: 'A struct of the arguments: its fields are called as the columns or aliases, others col1, col2, ….',
    resolve: resolveStruct,
    nulls: 'custom',
    eval: (args) => args.slice(),
    compiled: why,
    examples: [['struct(1, 2, 3)', '{1, 2, 3}']],
  }),
  /** A struct of names and values in turn. */
  namedStruct: scalar({
    name: 'namedStruct',
    sql: ['named_struct'],
    summary: 'A struct of names and values in turn; the names are constants.',
    resolve: resolveNamedStruct,
    nulls: 'custom',
    eval: (args) => args.filter((_, i) => i % 2 === 1),
    compiled: why,
    examples: [["named_struct('a', 1, 'b', 2, 'c', 3)", '{1, 2, 3}']],
  }),
  /** A struct with a field set anew. */
  withField: scalar({
    name: 'withField',
    sql: ['with_field'],
    summary: 'The struct with the named field replaced, or added at the end when there is none; null of a null struct.',
    resolve: resolveWithField,
    nulls: 'custom',
    eval: evalWithField,
    compiled: why,
    examples: [
      ["with_field(named_struct('a', 1, 'b', 2), 'b', 'x')", '{1, x}'],
      ["with_field(named_struct('a', 1), 'c', 3)", '{1, 3}'],
    ],
  }),
  /** A struct without a field. */
  dropField: scalar({
    name: 'dropField',
    sql: ['drop_field'],
    summary: 'The struct without the named field; as it is when there is none.',
    resolve: resolveDropField,
    nulls: 'propagate',
    eval: ([input, name], call) => {
      const fields = fieldsOf(call.argTypes[0] as DataType);
      return items(input).filter((_, i) => !sameName(fields[i]?.name ?? '', name as string));
    },
    compiled: why,
    examples: [["drop_field(named_struct('a', 1, 'b', 2), 'a')", '{2}']],
  }),
};
