import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  mapType,
  nullType,
  SparrowError,
  type StructType,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  variantType,
} from '../../base/index.js';

/** A column of a Delta table: what users see, and what data files call it and its nested fields. */
export interface DeltaColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly physicalName: string;
  /** The type with the names that data files have. */
  readonly physicalType: DataType;
}

const SIMPLE: Readonly<Record<string, DataType>> = {
  boolean: booleanType,
  byte: int8Type,
  short: int16Type,
  integer: int32Type,
  long: int64Type,
  float: float32Type,
  double: float64Type,
  string: stringType,
  binary: binaryType,
  date: dateType,
  timestamp: timestampType,
  timestamp_ntz: timestampNtzType,
  variant: variantType,
  void: nullType,
};

const PHYSICAL_NAME = 'delta.columnMapping.physicalName';

interface JsonField {
  readonly name: string;
  readonly type: unknown;
  readonly nullable?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The columns of a table's schema, as Spark writes schemas to JSON. */
export function deltaColumns(schemaString: string, mapped: boolean, where: string): DeltaColumn[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(schemaString);
  } catch (cause) {
    throw invalid('it is no JSON', where, cause);
  }
  return fieldsOf(parsed, where).map((f) => {
    const logical = typeOf(f.type, false, where);
    const physical = mapped ? typeOf(f.type, true, where) : logical;
    return {
      name: f.name,
      type: logical,
      nullable: f.nullable !== false,
      physicalName: mapped ? physicalName(f) : f.name,
      physicalType: physical,
    };
  });
}

const physicalName = (f: JsonField): string => {
  const name = f.metadata?.[PHYSICAL_NAME];
  return typeof name === 'string' ? name : f.name;
};

function fieldsOf(json: unknown, where: string): readonly JsonField[] {
  const fields = (json as { readonly fields?: unknown } | null)?.fields;
  if (!Array.isArray(fields)) throw invalid('a struct has no fields', where);
  return fields as readonly JsonField[];
}

function typeOf(json: unknown, physical: boolean, where: string): DataType {
  if (typeof json === 'string') {
    const simple = SIMPLE[json];
    if (simple !== undefined) return simple;
    const decimal = /^decimal\((\d+),\s*(-?\d+)\)$/.exec(json);
    if (decimal !== null) return decimalType(Number(decimal[1]), Number(decimal[2]));
    throw invalid(`there is no type ${json}`, where);
  }
  const nested = json as Readonly<Record<string, unknown>>;
  switch (nested.type) {
    case 'struct':
      return structOf(fieldsOf(json, where), physical, where);
    case 'array':
      return arrayType(typeOf(nested.elementType, physical, where), nested.containsNull !== false);
    case 'map':
      return mapType(
        typeOf(nested.keyType, physical, where),
        typeOf(nested.valueType, physical, where),
        nested.valueContainsNull !== false,
      );
    default:
      throw invalid(`there is no type ${JSON.stringify(nested.type)}`, where);
  }
}

function structOf(fields: readonly JsonField[], physical: boolean, where: string): StructType {
  return structType(
    fields.map(
      (f): Field => field(physical ? physicalName(f) : f.name, typeOf(f.type, physical, where), f.nullable !== false),
    ),
  );
}

function invalid(what: string, where: string, cause?: unknown): SparrowError {
  return new SparrowError('DELTA_INVALID_SCHEMA', `the schema of the Delta table cannot be read: ${what}`, {
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}
