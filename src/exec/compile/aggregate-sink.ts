import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { SinkSpec, SourceColumn, StateCarriers } from '../task/spec.js';
import {
  compileKeys,
  emitOf,
  groupLayout,
  keyColumn,
  narrowCarriers,
  type PreparedAggregate,
  prepareAggregate,
  stateAccess,
  stateField,
} from './aggregates.js';
import { type GroupAddressing, GroupTable } from './group-table.js';
import { type Columns, type Pipe, pushTrue } from './pipe.js';
import type { Sink, SinkForm } from './sink-form.js';

/** Updates the groups of a task. */
export class AggregateSink implements Sink {
  readonly #aggregates: readonly PreparedAggregate[];
  readonly #keys: readonly SourceColumn[];
  readonly #table: GroupTable;
  readonly #byCode: readonly boolean[];
  #carriers: StateCarriers = [];

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: Extract<SinkSpec, { kind: 'aggregate' }>,
    addressing: GroupAddressing,
  ) {
    this.#aggregates = spec.aggregates.map((a) => prepareAggregate(a, pipe.settings));
    this.#keys = spec.keys.map(keyColumn);
    this.#table = new GroupTable(pipe, this.#keys, addressing, spec.partitionKeys);
    this.#byCode = addressing.kind === 'dense' ? addressing.byCode : [];
  }

  get form(): SinkForm {
    return { kind: 'aggregate', layout: this.#table.layout, carriers: this.#carriers, aggregates: this.#aggregates };
  }

  prologue(): void {
    this.#table.prologue();
  }

  epilogue(): void {}

  consume(columns: Columns): void {
    const { row, args } = this.#find(columns);
    this.#each(row, (a, state, i) => this.#update(a, state, args[i], columns));
  }

  /** Adds totals of several rows, in the form of states, to the group of the current row. */
  addTotals(columns: Columns, totals: (aggregate: number) => readonly Value[]): void {
    const { row } = this.#find(columns);
    this.#each(row, (a, state, i) => emitOf(a).merge(this.pipe.emitter, state, totals(i), a.call));
  }

  functionOf(aggregate: number): string | undefined {
    return this.spec.aggregates[aggregate]?.fn;
  }

  #find(columns: Columns): { readonly row: Local; readonly args: readonly (readonly Value[] | undefined)[] } {
    const { pipe, spec } = this;
    const keys = compileKeys(pipe, spec.keys, columns, this.#byCode);
    const args = this.#aggregates.map((a) =>
      a.spec.filter === undefined ? a.spec.args.map((x) => pipe.compile(x, columns)) : undefined,
    );
    this.#carriers = this.#aggregates.map((a, i) =>
      narrowCarriers(a, args[i]?.map((v) => v.range) ?? [], spec.maxRows),
    );
    const layout = groupLayout(this.#keys, this.#carriers);
    this.#table.use(layout, (row) => this.#each(row, (a, state) => emitOf(a).init(pipe.emitter, state, a.call)));
    return { row: this.#table.find(keys), args };
  }

  #each(row: Local, body: (a: PreparedAggregate, state: ReturnType<typeof stateAccess>, index: number) => void): void {
    this.#aggregates.forEach((a, i) => {
      const from = stateField(this.#keys.length, this.#carriers, i);
      body(a, stateAccess(this.pipe, this.#table.layout, row, from, a.state), i);
    });
  }

  #update(
    a: PreparedAggregate,
    state: ReturnType<typeof stateAccess>,
    args: readonly Value[] | undefined,
    columns: Columns,
  ): void {
    const { pipe } = this;
    const { code } = pipe;
    if (a.spec.filter === undefined) {
      emitOf(a).update(pipe.emitter, state, args ?? [], a.call);
      return;
    }
    for (const x of a.spec.args) pipe.touch(x, columns);
    pushTrue(pipe, pipe.compile(a.spec.filter, columns));
    code.if(() =>
      pipe.expressions(columns).scoped(() => {
        const inner = a.spec.args.map((x) => pipe.compile(x, columns));
        emitOf(a).update(pipe.emitter, state, inner, a.call);
      }),
    );
  }
}
