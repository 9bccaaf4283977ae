/**
 * The result type of functions and operators, for the compiler only: the resolver decides with the registry.
 * A kind means "of that type, null when an argument is"; `!` never null; `?` nullable whatever is given; the words
 * are rules of `type-algebra.ts`. A function that is not listed gives a column of unknown type.
 */
export interface FunctionRules extends OperatorRules, MathRules, TextRules, TimeRules, ManyRules {}

interface OperatorRules {
  readonly add: 'arithmetic';
  readonly sub: 'arithmetic';
  readonly mul: 'arithmetic';
  readonly div: 'divide';
  readonly mod: 'modulo';
  readonly neg: 'number';
  readonly eq: 'compare';
  readonly ne: 'compare';
  readonly lt: 'compare';
  readonly le: 'compare';
  readonly gt: 'compare';
  readonly ge: 'compare';
  readonly eqNullSafe: 'compare!';
  readonly equalNull: 'compare!';
  readonly isin: 'in';
  readonly not: 'not';
  readonly isNull: 'boolean!';
  readonly isnull: 'boolean!';
  readonly isNotNull: 'boolean!';
  readonly isnotnull: 'boolean!';
  readonly isNaN: 'boolean!';
  readonly isnan: 'boolean!';
  readonly like: 'test';
  readonly ilike: 'test';
  readonly rlike: 'test';
  readonly regexp: 'test';
  readonly regexpLike: 'test';
  readonly contains: 'test';
  readonly startsWith: 'test';
  readonly startswith: 'test';
  readonly endsWith: 'test';
  readonly endswith: 'test';
  readonly cast: 'second';
  readonly tryCast: 'second?';
  readonly case: 'case';
  readonly caseElse: 'caseElse';
  readonly getItem: 'element';
  readonly getField: 'field';
  readonly item: 'item';
  readonly mapped: 'mapped';
  readonly coalesce: 'coalesce';
  readonly ifnull: 'coalesce';
  readonly nvl: 'coalesce';
  readonly greatest: 'coalesce';
  readonly least: 'coalesce';
  readonly nullif: 'same?';
  readonly nanvl: 'same';
  readonly nullifzero: 'same?';
  readonly typeof: 'string!';
}

interface MathRules {
  readonly abs: 'number';
  readonly negative: 'number';
  readonly negate: 'number';
  readonly positive: 'number';
  readonly pmod: 'modulo';
  readonly tryAdd: 'arithmetic';
  readonly trySubtract: 'arithmetic';
  readonly tryMultiply: 'arithmetic';
  readonly tryDivide: 'divide';
  readonly tryMod: 'modulo';
  readonly sqrt: 'float64';
  readonly cbrt: 'float64';
  readonly exp: 'float64';
  readonly expm1: 'float64';
  readonly ln: 'float64?';
  readonly log: 'float64?';
  readonly log10: 'float64?';
  readonly log2: 'float64?';
  readonly log1p: 'float64?';
  readonly pow: 'float64';
  readonly power: 'float64';
  readonly sin: 'float64';
  readonly cos: 'float64';
  readonly tan: 'float64';
  readonly asin: 'float64';
  readonly acos: 'float64';
  readonly atan: 'float64';
  readonly atan2: 'float64';
  readonly sinh: 'float64';
  readonly cosh: 'float64';
  readonly tanh: 'float64';
  readonly degrees: 'float64';
  readonly radians: 'float64';
  readonly hypot: 'float64';
  readonly pi: 'float64!';
  readonly e: 'float64!';
  readonly rand: 'float64!';
  readonly randn: 'float64!';
  readonly round: 'number';
  readonly bround: 'number';
  readonly rint: 'float64';
  readonly hash: 'int32!';
  readonly xxhash64: 'int64!';
  readonly crc32: 'int64';
  readonly md5: 'string';
  readonly sha: 'string';
  readonly sha1: 'string';
  readonly sha2: 'string';
}

interface TextRules {
  readonly upper: 'text';
  readonly ucase: 'text';
  readonly lower: 'text';
  readonly lcase: 'text';
  readonly initcap: 'text';
  readonly trim: 'text';
  readonly ltrim: 'text';
  readonly rtrim: 'text';
  readonly btrim: 'text';
  readonly concatWs: 'string!';
  readonly lpad: 'string';
  readonly rpad: 'string';
  readonly substring: 'same';
  readonly substr: 'same';
  readonly left: 'same';
  readonly right: 'same';
  readonly substringIndex: 'string';
  readonly repeat: 'string';
  readonly replace: 'string';
  readonly translate: 'string';
  readonly regexpReplace: 'string';
  readonly regexpExtract: 'string';
  readonly splitPart: 'string';
  readonly formatNumber: 'string?';
  readonly formatString: 'string';
  readonly printf: 'string';
  readonly char: 'string';
  readonly chr: 'string';
  readonly base64: 'string';
  readonly hex: 'string';
  readonly soundex: 'string';
  readonly length: 'int32';
  readonly len: 'int32';
  readonly charLength: 'int32';
  readonly characterLength: 'int32';
  readonly octetLength: 'int32';
  readonly bitLength: 'int32';
  readonly ascii: 'int32';
  readonly instr: 'int32';
  readonly locate: 'int32';
  readonly position: 'int32';
  readonly levenshtein: 'int32';
  readonly getJsonObject: 'string?';
  readonly toJson: 'string?';
}

interface TimeRules {
  readonly year: 'int32';
  readonly quarter: 'int32';
  readonly month: 'int32';
  readonly day: 'int32';
  readonly dayofmonth: 'int32';
  readonly dayOfMonth: 'int32';
  readonly dayofweek: 'int32';
  readonly dayOfWeek: 'int32';
  readonly dayofyear: 'int32';
  readonly dayOfYear: 'int32';
  readonly weekofyear: 'int32';
  readonly weekOfYear: 'int32';
  readonly weekday: 'int32';
  readonly hour: 'int32';
  readonly minute: 'int32';
  readonly second: 'int32';
  readonly dayname: 'string';
  readonly monthname: 'string';
  readonly currentDate: 'date!';
  readonly curdate: 'date!';
  readonly currentTimestamp: 'timestamp!';
  readonly now: 'timestamp!';
  readonly localtimestamp: 'timestamp_ntz!';
  readonly currentTimezone: 'string!';
  readonly dateAdd: 'date';
  readonly dateadd: 'date';
  readonly dateSub: 'date';
  readonly addMonths: 'date';
  readonly lastDay: 'date';
  readonly nextDay: 'date?';
  readonly trunc: 'date?';
  readonly makeDate: 'date?';
  readonly toDate: 'date?';
  readonly datediff: 'int32';
  readonly dateDiff: 'int32';
  readonly monthsBetween: 'float64';
  readonly dateTrunc: 'timestamp?';
  readonly toTimestamp: 'timestamp?';
  readonly toTimestampNtz: 'timestamp_ntz?';
  readonly timestampSeconds: 'timestamp';
  readonly timestampMillis: 'timestamp';
  readonly timestampMicros: 'timestamp';
  readonly fromUtcTimestamp: 'timestamp';
  readonly toUtcTimestamp: 'timestamp';
  readonly dateFormat: 'string';
  readonly fromUnixtime: 'string';
  readonly unixTimestamp: 'int64?';
  readonly unixSeconds: 'int64';
  readonly unixMillis: 'int64';
  readonly unixMicros: 'int64';
  readonly unixDate: 'int32';
}

interface ManyRules {
  readonly count: 'int64!';
  readonly countIf: 'int64!';
  readonly countDistinct: 'int64!';
  readonly approxCountDistinct: 'int64!';
  readonly sum: 'sum';
  readonly trySum: 'sum';
  readonly sumDistinct: 'sum';
  readonly avg: 'avg';
  readonly mean: 'avg';
  readonly tryAvg: 'avg';
  readonly min: 'same?';
  readonly max: 'same?';
  readonly first: 'same?';
  readonly firstValue: 'same?';
  readonly last: 'same?';
  readonly lastValue: 'same?';
  readonly anyValue: 'same?';
  readonly mode: 'same?';
  readonly minBy: 'same?';
  readonly maxBy: 'same?';
  readonly median: 'float64?';
  readonly stddev: 'float64?';
  readonly std: 'float64?';
  readonly stddevSamp: 'float64?';
  readonly stddevPop: 'float64?';
  readonly variance: 'float64?';
  readonly varSamp: 'float64?';
  readonly varPop: 'float64?';
  readonly corr: 'float64?';
  readonly covarPop: 'float64?';
  readonly covarSamp: 'float64?';
  readonly skewness: 'float64?';
  readonly kurtosis: 'float64?';
  readonly boolAnd: 'boolean?';
  readonly every: 'boolean?';
  readonly boolOr: 'boolean?';
  readonly some: 'boolean?';
  readonly stringAgg: 'string?';
  readonly listagg: 'string?';
  readonly collectList: 'list';
  readonly arrayAgg: 'list';
  readonly collectSet: 'list';
  readonly rowNumber: 'int32!';
  readonly rank: 'int32!';
  readonly denseRank: 'int32!';
  readonly ntile: 'int32!';
  readonly percentRank: 'float64!';
  readonly cumeDist: 'float64!';
  readonly lag: 'same?';
  readonly lead: 'same?';
  readonly nthValue: 'same?';
  readonly array: 'array';
  readonly size: 'int32';
  readonly cardinality: 'int32';
  readonly arraySize: 'int32';
  readonly elementAt: 'element';
  readonly tryElementAt: 'element';
  readonly get: 'element';
  readonly filter: 'same';
  readonly exists: 'boolean?';
  readonly forall: 'boolean?';
  readonly mapKeys: 'keys';
  readonly mapValues: 'values';
  readonly mapFilter: 'same';
  readonly mapContainsKey: 'boolean';
  readonly arrayPrepend: 'same';
  readonly arrayCompact: 'same';
  readonly arrayExcept: 'same';
  readonly arrayIntersect: 'same';
  readonly arrayRemove: 'same';
  readonly shuffle: 'same';
  readonly arraySort: 'same';
  readonly arrayContains: 'boolean';
  readonly arrayJoin: 'string';
  readonly arrayMin: 'element';
  readonly arrayMax: 'element';
  readonly arrayDistinct: 'same';
  readonly sortArray: 'same';
  readonly slice: 'same';
  readonly arrayPosition: 'int64';
}

/**
 * Positions at which PySpark's functions take a string as itself. Everywhere else a string names a column
 * (`fn.upper('name')`).
 */
export const literalArguments = {
  concatWs: [0],
  dateTrunc: [0],
  trunc: [1],
  dateFormat: [1],
  toDate: [1],
  tryToDate: [1],
  toTimestamp: [1],
  tryToTimestamp: [1],
  toTimestampLtz: [1],
  toTimestampNtz: [1],
  fromUnixtime: [1],
  unixTimestamp: [1],
  toUnixTimestamp: [1],
  fromUtcTimestamp: [1],
  toUtcTimestamp: [1],
  convertTimezone: [0, 1],
  nextDay: [1],
  extract: [0],
  datePart: [0],
  datepart: [0],
  timestampAdd: [0],
  timestampDiff: [0],
  lpad: [2],
  rpad: [2],
  regexpExtract: [1],
  regexpReplace: [1, 2],
  split: [1],
  translate: [1, 2],
  substringIndex: [1],
  instr: [1],
  locate: [0],
  formatString: [0],
  decode: [1],
  encode: [1],
  arrayContains: [1],
  arrayPosition: [1],
  arrayRemove: [1],
  arrayAppend: [1],
  arrayPrepend: [1],
  arrayInsert: [2],
  arrayJoin: [1, 2],
  elementAt: [1],
  tryElementAt: [1],
  mapContainsKey: [1],
  getJsonObject: [1],
  jsonTuple: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  fromJson: [1],
  fromCsv: [1],
  schemaOfJson: [0],
  schemaOfCsv: [0],
  variantGet: [1, 2],
  tryVariantGet: [1, 2],
  lag: [2],
  lead: [2],
  window: [1, 2, 3],
  sessionWindow: [1],
  raiseError: [0],
  assertTrue: [1],
  stringAgg: [1],
  listagg: [1],
} as const satisfies Record<string, readonly number[]>;
