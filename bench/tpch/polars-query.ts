import type { PolarsLazy } from '../harness/polars.js';
import type { Table } from './tables.js';

export type PolarsQuery = (tables: Readonly<Record<Table, PolarsLazy>>) => PolarsLazy;
