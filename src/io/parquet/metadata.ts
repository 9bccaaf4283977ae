/** What a Parquet footer says, as plain data. Names follow parquet.thrift; unknown things are left out. */

export const PHYSICAL = ['boolean', 'int32', 'int64', 'int96', 'float', 'double', 'byte_array', 'fixed'] as const;
export type Physical = (typeof PHYSICAL)[number];

export const ENCODINGS = [
  'plain',
  undefined,
  'plain_dictionary',
  'rle',
  'bit_packed',
  'delta_binary_packed',
  'delta_length_byte_array',
  'delta_byte_array',
  'rle_dictionary',
  'byte_stream_split',
] as const;
export type Encoding = Exclude<(typeof ENCODINGS)[number], undefined>;

export const CODECS = ['uncompressed', 'snappy', 'gzip', 'lzo', 'brotli', 'lz4', 'zstd', 'lz4_raw'] as const;
export type CodecName = (typeof CODECS)[number];

export const CONVERTED = [
  'utf8',
  'map',
  'map_key_value',
  'list',
  'enum',
  'decimal',
  'date',
  'time_millis',
  'time_micros',
  'timestamp_millis',
  'timestamp_micros',
  'uint_8',
  'uint_16',
  'uint_32',
  'uint_64',
  'int_8',
  'int_16',
  'int_32',
  'int_64',
  'json',
  'bson',
  'interval',
] as const;
export type Converted = (typeof CONVERTED)[number];

export type TimeUnit = 'millis' | 'micros' | 'nanos';

export type LogicalType =
  | {
      readonly kind:
        | 'string'
        | 'map'
        | 'list'
        | 'enum'
        | 'date'
        | 'null'
        | 'json'
        | 'bson'
        | 'uuid'
        | 'float16'
        | 'variant'
        | 'geometry'
        | 'geography'
        | 'interval'
        | 'unknown';
    }
  | { readonly kind: 'decimal'; readonly scale: number; readonly precision: number }
  | { readonly kind: 'time' | 'timestamp'; readonly utc: boolean; readonly unit: TimeUnit }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean };

export interface SchemaElement {
  readonly name: string;
  /** Absent for groups. */
  readonly physical?: Physical;
  readonly typeLength?: number;
  readonly repetition?: 'required' | 'optional' | 'repeated';
  readonly children: number;
  readonly converted?: Converted;
  readonly scale?: number;
  readonly precision?: number;
  readonly logical?: LogicalType;
  /** What a table format calls the column, whatever its name. */
  readonly fieldId?: number;
}

export interface Statistics {
  readonly nullCount?: number;
  readonly distinctCount?: number;
  readonly minValue?: Uint8Array;
  readonly maxValue?: Uint8Array;
  /** The deprecated pair, in signed order of bytes whatever the type. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly minExact?: boolean;
  readonly maxExact?: boolean;
  readonly nanCount?: number;
}

export interface ColumnMetadata {
  readonly physical: Physical;
  readonly path: readonly string[];
  readonly codec: CodecName;
  readonly values: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly dataPageOffset: number;
  readonly dictionaryPageOffset?: number;
  readonly statistics?: Statistics;
  /** Where its bloom filter begins. */
  readonly bloomFilter?: number;
}

/** A piece of a file. */
export interface FileSpan {
  readonly offset: number;
  readonly bytes: number;
}

export interface ColumnChunk {
  /** The chunk lies in another file. */
  readonly filePath?: string;
  /** Absent when it is encrypted. */
  readonly metadata?: ColumnMetadata;
  /** Where the page index has the bounds of its pages, and their places. */
  readonly columnIndex?: FileSpan;
  readonly offsetIndex?: FileSpan;
}

export interface RowGroup {
  readonly rows: number;
  readonly bytes: number;
  /** A chunk of it says that it is encrypted. */
  readonly encrypted: boolean;
  /** How many column chunks it has. */
  readonly chunks: number;
  /** What is said of a column chunk, parsed when it is first asked for: most columns of a wide file are never read. */
  chunk(column: number): ColumnChunk | undefined;
}

/** How min and max of a column are ordered. */
export type ColumnOrder = 'type' | 'undefined' | 'ieee754';

export interface FileMetadata {
  readonly version: number;
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly createdBy?: string;
  readonly keyValues: ReadonlyMap<string, string>;
  readonly columnOrders: readonly ColumnOrder[];
  readonly encrypted: boolean;
}

export interface PageHeader {
  readonly type: 'data' | 'data_v2' | 'dictionary' | 'index';
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly crc?: number;
  readonly values: number;
  readonly encoding: Encoding;
  readonly definitionEncoding: Encoding;
  readonly repetitionEncoding: Encoding;
  /** Version 2 only. */
  readonly nulls: number;
  readonly rows: number;
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly compressed: boolean;
}
