import {
  nearestNames,
  type Scalar,
  type Schema,
  type SourceDescription,
  SparrowError,
  type TableSource,
  type TableStatistics,
} from '../../src/base/index.js';
import type { Catalog } from '../../src/plan/catalog.js';
import type { Expr } from '../../src/plan/expr.js';
import type { Plan } from '../../src/plan/node.js';
import type { PlanSettings } from '../../src/plan/resolve/context.js';
import { parseExpression } from '../../src/sql/expression-parser.js';

/** A table held as rows, with the statistics a test wants it to have. */
export interface FakeSource extends TableSource {
  readonly rows: readonly (readonly Scalar[])[];
}

export function fakeSource(
  name: string,
  schema: Schema,
  rows: readonly (readonly Scalar[])[] = [],
  statistics: TableStatistics = { rows: rows.length, columns: {} },
): FakeSource {
  return {
    label: `fake ${name}`,
    format: 'fake',
    schema,
    statistics,
    rows,
    plan: () => Promise.resolve({ splits: [], skipped: 0 }),
  };
}

export const describeFake = (name: string): SourceDescription => ({ format: 'fake', paths: [name], options: {} });

/** A catalog over fake sources (by the path they are read from) and views. */
export class FakeCatalog implements Catalog {
  readonly sources = new Map<string, FakeSource>();
  readonly views = new Map<string, Plan>();
  opened = 0;

  add(name: string, schema: Schema, rows?: readonly (readonly Scalar[])[], statistics?: TableStatistics): this {
    this.sources.set(name, fakeSource(name, schema, rows, statistics));
    return this;
  }

  openSource(description: SourceDescription): Promise<TableSource> {
    this.opened++;
    const name = description.paths[0] ?? '';
    const source = this.sources.get(name);
    if (source !== undefined) return Promise.resolve(source);
    return Promise.reject(
      new SparrowError('PATH_NOT_FOUND', `there is no ${name}`, {
        candidates: nearestNames(name, [...this.sources.keys()]),
      }),
    );
  }

  settings(): PlanSettings {
    return { ansi: true, timeZone: 'UTC', nowMicros: 0n };
  }

  view(name: string): Plan | undefined {
    return this.views.get(name.toLowerCase());
  }

  viewNames(): readonly string[] {
    return [...this.views.keys()];
  }

  parseExpr(text: string): Expr {
    return parseExpression(text);
  }

  parseQuery(text: string): Plan {
    throw new SparrowError('FEATURE_NOT_ENABLED', `no SQL parser is loaded to read \`${text}\``);
  }
}
