import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { tpchData } from '../tpch/data.js';
import { items, lineitemCsv, lineitemNdjson } from './data.js';

const contest = (name: string, prepare: (scale: string) => Promise<string>, programs: readonly string[]): Contest => ({
  name,
  items,
  programs: Object.fromEntries(programs.map((engine) => [engine, new URL(`./${engine}.js`, import.meta.url)])),
  prepare: ({ scale }) => prepare(scale),
});

export const csv: Suite = {
  name: 'csv',
  about: "TPC-H's lineitem as CSV: read, parsed and summed",
  run: (options) => compareEngines(contest('csv', lineitemCsv, ['sparrow', 'duckdb', 'polars']), options),
};

export const ndjson: Suite = {
  name: 'ndjson',
  about: "an eighth of TPC-H's lineitem as NDJSON: read, parsed and summed",
  run: (options) => compareEngines(contest('ndjson', lineitemNdjson, ['sparrow', 'duckdb']), options),
};

export const parquet: Suite = {
  name: 'parquet',
  about: "TPC-H's lineitem as Parquet: read and summed",
  run: (options) =>
    compareEngines(
      contest('parquet', (scale) => tpchData(scale), ['sparrow', 'duckdb']),
      options,
    ),
};
