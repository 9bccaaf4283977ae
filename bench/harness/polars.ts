import type { Answer, AnswerColumn } from './contract.js';
import { requirePeer } from './peers.js';

// The part of nodejs-polars the suites use. Its own types are there only once it is installed.

export interface PolarsExpr {
  add(other: PolarsExpr | number): PolarsExpr;
  sub(other: PolarsExpr | number): PolarsExpr;
  mul(other: PolarsExpr | number): PolarsExpr;
  div(other: PolarsExpr | number): PolarsExpr;
  eq(other: unknown): PolarsExpr;
  neq(other: unknown): PolarsExpr;
  lt(other: unknown): PolarsExpr;
  ltEq(other: unknown): PolarsExpr;
  gt(other: unknown): PolarsExpr;
  gtEq(other: unknown): PolarsExpr;
  and(other: PolarsExpr): PolarsExpr;
  or(other: PolarsExpr): PolarsExpr;
  isIn(values: readonly unknown[]): PolarsExpr;
  sum(): PolarsExpr;
  mean(): PolarsExpr;
  min(): PolarsExpr;
  max(): PolarsExpr;
  nUnique(): PolarsExpr;
  cumSum(): PolarsExpr;
  rank(options: { readonly method: string; readonly descending: boolean }): PolarsExpr;
  over(by: string): PolarsExpr;
  count(): PolarsExpr;
  median(): PolarsExpr;
  std(): PolarsExpr;
  sort(descending: boolean): PolarsExpr;
  head(rows: number): PolarsExpr;
  cast(type: unknown): PolarsExpr;
  alias(name: string): PolarsExpr;
  not(): PolarsExpr;
  readonly str: {
    contains(pattern: string, literal?: boolean): PolarsExpr;
    startsWith(prefix: string): PolarsExpr;
    endsWith(suffix: string): PolarsExpr;
    slice(start: number, length: number): PolarsExpr;
    lengths(): PolarsExpr;
  };
  readonly dt: { year(): PolarsExpr };
}

export interface PolarsFrame {
  readonly columns: readonly string[];
  readonly dtypes: readonly unknown[];
  readonly height: number;
  rows(): unknown[][];
  lazy(): PolarsLazy;
}

type JoinOptions =
  | {
      readonly leftOn: string | readonly string[];
      readonly rightOn: string | readonly string[];
      readonly how?: 'inner' | 'left' | 'semi' | 'anti';
    }
  | { readonly how: 'cross' };

export interface PolarsLazy {
  readonly columns: readonly string[];
  filter(predicate: PolarsExpr): PolarsLazy;
  select(...columns: (string | PolarsExpr)[]): PolarsLazy;
  withColumns(...columns: PolarsExpr[]): PolarsLazy;
  join(other: PolarsLazy, options: JoinOptions): PolarsLazy;
  groupBy(by: readonly string[]): { agg(...columns: PolarsExpr[]): PolarsLazy };
  sort(by: readonly string[], descending?: readonly boolean[]): PolarsLazy;
  limit(rows: number): PolarsLazy;
  explode(column: string): PolarsLazy;
  collectSync(options: { engine: 'streaming' | 'in-memory' }): PolarsFrame;
}

export interface PolarsSeries {
  mapElements(call: (value: never) => unknown): PolarsSeries;
  sum(): number;
  readonly str: { lengths(): PolarsSeries };
}

export interface PolarsRecords {
  readonly height: number;
  getColumn(name: string): PolarsSeries;
  toRecords(): Readonly<Record<string, unknown>>[];
}

export interface Polars {
  readRecords(rows: readonly object[]): PolarsRecords;
  Series(name: string, values: ArrayLike<unknown>): PolarsSeries;
  readonly Float64: unknown;
  readonly Int32: unknown;
  readonly Int64: unknown;
  readonly String: unknown;
  readonly Date: unknown;
  col(name: string): PolarsExpr;
  lit(value: unknown): PolarsExpr;
  len(): PolarsExpr;
  when(predicate: PolarsExpr): { then(value: PolarsExpr): { otherwise(value: PolarsExpr): PolarsExpr } };
  scanParquet(file: string): PolarsLazy;
  scanCSV(file: string, options: object): PolarsLazy;
  readonly version: string;
}

export const loadPolars = (): Polars => requirePeer('nodejs-polars') as Polars;

const kindOf = (type: string): AnswerColumn['kind'] =>
  /Float/.test(type) ? 'double' : /Int/.test(type) ? 'exact' : 'text';

const textOf = (value: unknown): string | null =>
  value == null ? null : value instanceof Date ? value.toISOString().slice(0, 10) : String(value);

export const polarsAnswer = (frame: PolarsFrame): Answer => ({
  columns: frame.columns.map((name, index) => ({ name, kind: kindOf(String(frame.dtypes[index])) })),
  rows: frame.rows().map((row) => row.map(textOf)),
});
