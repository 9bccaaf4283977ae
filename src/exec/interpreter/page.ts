import type { Scalar } from '../../base/index.js';
import type { Pace } from './pace.js';

export type Row = readonly Scalar[];

/** Rows that go from operator to operator at once, at most. A multiple of 8, as slices of columns ask for. */
export const PAGE_ROWS = 1000;

/** Some rows in order. */
export interface Page {
  /** Number of the first row in the result it belongs to: what a sample draws by. */
  readonly first: number;
  readonly rows: readonly Row[];
}

export type Pages = AsyncGenerator<Page>;

/** Rows that are all there, as pages. */
export async function* pagesOf(rows: readonly Row[], pace: Pace): Pages {
  for (let first = 0; first < rows.length; first += PAGE_ROWS) {
    yield { first, rows: rows.slice(first, first + PAGE_ROWS) };
    await pace.between();
  }
}

export async function allRows(pages: Pages): Promise<Row[]> {
  const all: Row[] = [];
  for await (const page of pages) for (const row of page.rows) all.push(row);
  return all;
}

/** Collects rows one by one into pages numbered from 0. */
export class PageWriter {
  #rows: Row[] = [];
  #first = 0;

  get isFull(): boolean {
    return this.#rows.length >= PAGE_ROWS;
  }

  push(row: Row): void {
    this.#rows.push(row);
  }

  /** What was collected since the last page. */
  take(): Page {
    const page = { first: this.#first, rows: this.#rows };
    this.#first += this.#rows.length;
    this.#rows = [];
    return page;
  }
}
