import { nearestNames, SparrowError } from '../../base/index.js';
import type { BloomOptions } from './encode-bloom.js';
import type { Encodings } from './encode-values.js';

export interface WriteSettings {
  readonly compression: string;
  /** Of the compression; its own usual one without it. */
  readonly level?: number;
  readonly dictionary: boolean;
  readonly encodings: Encodings;
  readonly groupRows: number;
  readonly groupBytes: number;
  readonly pageBytes: number;
  readonly pageRows: number;
  /** The bloom filter of a column (its path with dots), where it gets one. */
  bloom(column: string): BloomOptions | undefined;
}

const BLOOM = {
  enabled: 'parquet.bloom.filter.enabled',
  distinct: 'parquet.bloom.filter.expected.ndv',
  falsePositives: 'parquet.bloom.filter.fpp',
  maxBytes: 'parquet.bloom.filter.max.bytes',
};

/** Every option. Those of bloom filters may end in # and the path of a column, as in parquet-mr. */
const OPTIONS = [
  'compression',
  'parquet.compression',
  'compressionLevel',
  'parquet.enable.dictionary',
  'parquet.enable.bytestreamsplit',
  'parquet.writer.version',
  'parquet.block.size',
  'parquet.page.size',
  'parquet.page.row.count.limit',
  'rowGroupRows',
  ...Object.values(BLOOM),
];

export function settingsOf(options: Readonly<Record<string, string>>): WriteSettings {
  const given = new Map<string, string>();
  for (const [key, value] of Object.entries(options)) {
    const [name = '', ...column] = key.split('#');
    const lower = name.toLowerCase();
    const known = column.length === 0 ? OPTIONS : Object.values(BLOOM);
    if (!known.some((option) => option.toLowerCase() === lower)) {
      throw new SparrowError('UNKNOWN_OPTION', `Parquet has no option ${JSON.stringify(key)} for writing`, {
        where: 'parquet options',
        candidates: nearestNames(key, OPTIONS, 3),
      });
    }
    given.set([lower, ...column].join('#'), value);
  }
  const number = (name: string, fallback: number, isFit: (value: number) => boolean = Number.isSafeInteger): number => {
    const text = given.get(name) ?? given.get(name.toLowerCase());
    const value = Number(text ?? fallback);
    if (isFit(value) && value > 0) return value;
    throw new SparrowError('INVALID_OPTION', `the Parquet option ${name} is ${JSON.stringify(text)}`, {
      where: 'parquet options',
      hint: isFit === Number.isSafeInteger ? 'it must be a positive whole number' : 'it must lie between 0 and 1',
    });
  };
  /** The column's own setting, or that of all columns. */
  const named = (name: string, column: string): string => (given.has(`${name}#${column}`) ? `${name}#${column}` : name);
  return {
    compression: given.get('compression') ?? given.get('parquet.compression') ?? 'snappy',
    ...(given.has('compressionlevel') && { level: number('compressionLevel', 1) }),
    dictionary: (given.get('parquet.enable.dictionary') ?? 'true').toLowerCase() === 'true',
    encodings: {
      delta: !/^(v1|parquet_1_0)$/i.test(given.get('parquet.writer.version') ?? ''),
      byteStreamSplit: given.get('parquet.enable.bytestreamsplit')?.toLowerCase() === 'true',
    },
    groupRows: number('rowGroupRows', 1 << 20),
    groupBytes: number('parquet.block.size', 128 << 20),
    pageBytes: number('parquet.page.size', 1 << 20),
    pageRows: number('parquet.page.row.count.limit', 20_000),
    bloom(column) {
      if (given.get(named(BLOOM.enabled, column))?.toLowerCase() !== 'true') return undefined;
      const distinct = named(BLOOM.distinct, column);
      return {
        ...(given.has(distinct) ? { distinct: number(distinct, 0) } : {}),
        falsePositives: number(named(BLOOM.falsePositives, column), 0.01, (value) => value < 1),
        maxBytes: number(named(BLOOM.maxBytes, column), 1 << 20),
      };
    },
  };
}
