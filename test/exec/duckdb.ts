import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Rows as text, for comparing what two engines give: numbers in up to 12 digits, everything else exactly. */
export type Cells = (string | null)[];

export class Duck {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    return new Duck(instance, await instance.connect());
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  async rows(sql: string): Promise<Cells[]> {
    const read = await this.connection.runAndReadAll(sql);
    return read.getRowsJson().map((row) => row.map(cellText));
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** Collected rows in the form of `Duck.rows`. */
export const cellsOf = (rows: readonly object[]): Cells[] => rows.map((row) => Object.values(row).map(cellText));

/** In an order of their own, for results that have none. */
export const unordered = (rows: readonly Cells[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value + 0) : String(Number(value.toPrecision(12)));
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
