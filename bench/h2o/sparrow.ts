import { join } from 'node:path';
import type { Table } from 'apache-arrow';
import { col, type DataFrame, fn, Session, Window } from 'sparrow-df';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { sparrowVersion } from '../harness/sparrow.js';
import { mostRows, type Question } from './questions.js';

/** The db-benchmark's group-by questions in the DataFrame API. */
const questions: Readonly<Record<Question, (x: DataFrame) => DataFrame>> = {
  g1: (x) => x.groupBy('id1').agg(fn.sum('v1').as('v1')),
  g2: (x) => x.groupBy('id1', 'id2').agg(fn.sum('v1').as('v1')),
  g3: (x) => x.groupBy('id3').agg(fn.sum('v1').as('v1'), fn.avg('v3').as('v3')),
  g4: (x) => x.groupBy('id4').agg(fn.avg('v1').as('v1'), fn.avg('v2').as('v2'), fn.avg('v3').as('v3')),
  g5: (x) => x.groupBy('id6').agg(fn.sum('v1').as('v1'), fn.sum('v2').as('v2'), fn.sum('v3').as('v3')),
  g6: (x) => x.groupBy('id4', 'id5').agg(fn.median('v3').as('median_v3'), fn.stddev('v3').as('sd_v3')),
  g7: (x) => x.groupBy('id3').agg(fn.max('v1').sub(fn.min('v2')).as('range_v1_v2')),
  g8: (x) =>
    x
      .select(
        'id6',
        'v3',
        fn
          .rowNumber()
          .over(Window.partitionBy('id6').orderBy(col('v3').desc()))
          .as('place'),
      )
      .filter(col('place').le(2))
      .select('id6', 'v3'),
  g9: (x) => {
    const sum = (a: string, b?: string) => fn.sum(b === undefined ? col(a) : col(a).mul(col(b)));
    const [xs, ys, xy, xx, yy] = [sum('v1'), sum('v2'), sum('v1', 'v2'), sum('v1', 'v1'), sum('v2', 'v2')];
    const n = fn.count();
    const between = n.mul(xy).sub(xs.mul(ys)).cast('double');
    const spread = n
      .mul(xx)
      .sub(xs.mul(xs))
      .cast('double')
      .mul(n.mul(yy).sub(ys.mul(ys)).cast('double'));
    return x.groupBy('id2', 'id4').agg(between.mul(between).div(spread).as('r2'));
  },
  g10: (x) => x.groupBy('id1', 'id2', 'id3', 'id4', 'id5', 'id6').agg(fn.sum('v3').as('v3'), fn.count().as('n')),
};

export async function open({ threads, dataFolder }: Setting): Promise<Engine<Table>> {
  const session = await Session.create({ workers: threads });
  let x: DataFrame;
  return {
    version: sparrowVersion(),
    relativeTolerance: 1e-9,
    async load() {
      x = session.read.parquet(join(dataFolder, 'groupby.parquet')).cache();
      await x.count();
    },
    run: async (item) => questions[item as Question](x).toArrow(),
    answer,
    close: () => session.stop(),
  };
}

const isDouble = (type: unknown): boolean => /^Float/.test(String(type));

function answer(table: Table): Answer {
  const fields = table.schema.fields.map(({ name, type }) => ({ name, type: String(type) }));
  const columns = fields.map(({ name, type }) => ({
    name,
    kind: isDouble(type) ? ('double' as const) : /^Int/.test(type) ? ('exact' as const) : ('text' as const),
  }));
  const values = fields.map(({ name }) => [...(table.getChild(name) ?? [])] as unknown[]);
  if (table.numRows <= mostRows) {
    const rows = Array.from({ length: table.numRows }, (_, row) =>
      values.map((column) => (column[row] == null ? null : String(column[row]))),
    );
    return { columns, rows };
  }
  return {
    columns: [
      { name: 'rows', kind: 'exact' },
      ...columns.map(({ name, kind }) => ({ name, kind: kind === 'text' ? 'exact' : kind }) as const),
    ],
    rows: [[String(table.numRows), ...values.map((column, i) => checkText(column, isDouble(fields[i]?.type)))]],
  };
}

/** The sum of a column; of text keys, of their numbers. */
function checkText(values: readonly unknown[], double: boolean): string {
  if (double) return String(values.reduce((sum: number, v) => sum + (v as number), 0));
  return String(values.reduce((sum: number, v) => sum + (typeof v === 'string' ? Number(v.slice(2)) : Number(v)), 0));
}
