import { engineBug } from '../../base/index.js';
import type { Local } from '../../wasm/index.js';
import type { PlacedGroups } from '../task/placed-groups.js';
import type { SinkSpec } from '../task/spec.js';
import { extend } from './keys.js';
import type { ColumnValue } from './load.js';
import type { Columns, Pipe } from './pipe.js';
import type { Sink } from './sink-form.js';
import { PIPE } from './state-layout.js';
import { pairsOf, placeOf, recordBytes } from './totals-tables.js';
import type { Total, VectorPlan } from './vector-types.js';

/** Adds row by row to a table of records, one for each place of a group: what vectors do where a pipeline has no joins. */
export class PlacedSink implements Sink {
  readonly form = { kind: 'none' } as const;
  readonly #table: Local;

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: Extract<SinkSpec, { kind: 'aggregate' }>,
    private readonly placed: PlacedGroups,
    private readonly plan: VectorPlan,
  ) {
    this.#table = pipe.code.local('i32');
  }

  prologue(): void {
    this.pipe.loadWord(PIPE.TOTALS, this.#table);
  }

  epilogue(): void {}

  consume(columns: Columns): void {
    const { pipe, plan, spec } = this;
    const { code } = pipe;
    const keys = spec.keys.map((key) => pipe.compile(key, columns));
    // Loaded before the record is looked for, so that one miss does not wait for the other.
    const args = spec.aggregates.map(({ args: [arg] }) =>
      arg === undefined || arg.kind === 'literal' ? undefined : pipe.compile(arg, columns),
    );
    const record = code.local('i32');
    this.#pushPlace(keys);
    code.set(record);
    const pairs = pairsOf(plan);
    const add = (cell: 'count' | Total, push: () => void): void => {
      const { type, offset } = placeOf(pairs, cell);
      code.get(record).get(record).op(`${type}.load`, offset);
      push();
      code.op(`${type}.add`).op(`${type}.store`, offset);
    };
    add('count', () => code.i64(1));
    plan.totals.forEach((total, t) => {
      const a = plan.totalOf.indexOf(t);
      const value = args[a];
      if (value === undefined) throw engineBug('a total of nothing');
      add(total, () => this.#pushTerm(spec.aggregates[a]?.fn === 'count', value));
    });
  }

  /** A sum gets the value, a count 1 where there is one. */
  #pushTerm(isCount: boolean, value: ColumnValue): void {
    const { code } = this.pipe;
    if (isCount) {
      if (value.isNull === undefined) return void code.i64(1);
      code.get(value.isNull).op('i32.eqz').op('i64.extend_i32_u');
    } else if (value.carrier === 'f64') code.get(value.parts[0] as Local);
    else code.get(extend(code, value, 'i64')[0] as Local);
  }

  /** Pushes the address of the record of the keys' place. */
  #pushPlace(keys: readonly ColumnValue[]): void {
    const { code } = this.pipe;
    let stride = BigInt(recordBytes(this.plan));
    code.get(this.#table);
    this.placed.keys.forEach(({ base, size }, k) => {
      const value = keys[k] as ColumnValue;
      code.get(value.parts[0] as Local);
      if (value.carrier === 'i64') code.op('i32.wrap_i64');
      else if (value.carrier !== 'i32') throw engineBug(`a place for a key in ${value.carrier}`);
      code
        .i32(Number(BigInt.asIntN(32, 1n - base)))
        .op('i32.add')
        .i32(Number(stride))
        .op('i32.mul')
        .op('i32.add');
      stride *= BigInt(size);
    });
  }
}
