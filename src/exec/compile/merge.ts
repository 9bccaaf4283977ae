import type { EvalSettings } from '../../functions/expression.js';
import { ModuleContext } from '../../functions/module-context.js';
import { type Code, WasmModule } from '../../wasm/index.js';
import { fieldAt, GROUP_HEADER, PLACE_SHIFT } from '../row-layout.js';
import type { RowSourceSpec, StateCarriers } from '../task/spec.js';
import {
  emitOf,
  fullCarriers,
  groupLayout,
  type PreparedAggregate,
  prepareAggregate,
  stateAccess,
  stateField,
} from './aggregates.js';
import { type GroupAddressing, GroupTable } from './group-table.js';
import type { LinkedModule } from './linked-module.js';
import { type ColumnValue, loadField } from './load.js';
import { Pipe } from './pipe.js';
import { PIPE, type StateLayout } from './state-layout.js';

/** Groups are split by the top bits of their hash. */
export const GROUP_PARTITION_BITS = 6;
export const GROUP_PARTITIONS = 1 << GROUP_PARTITION_BITS;
const HASH_BITS = 32;
/** Rows whose places in the table are fetched side by side before they are merged. */
const BLOCK_ROWS = 128;
/** Bits of a group's place: partitions may be cut so finely. */
export const MOST_MERGE_BITS = HASH_BITS - PLACE_SHIFT;

/**
 * A module whose `merge(state, from, to)` adds partial group rows (at PIPE.SOURCE) to a table of full ones: all rows,
 * or with `bits` only those whose hash begins with the partition.
 */
export function compileMerge(
  source: Extract<RowSourceSpec, { kind: 'groups' }>,
  carriers: StateCarriers,
  bits: number,
  settings: EvalSettings,
  layout: StateLayout,
): LinkedModule {
  const module = new WasmModule();
  module.import('more_heap', ['i32', 'i32'], []);
  module.import('call_js', ['i32', 'i32'], []);
  const more = module.import('more', ['i32', 'i32', 'i32'], []);
  const context = new ModuleContext(module, settings);
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, settings));
  const partial = groupLayout(source.keys, carriers);
  const full = fullCarriers(aggregates);
  const addressing: GroupAddressing = { kind: source.keys.length === 0 ? 'single' : 'hash' };
  module.function('merge', ['i32', 'i32', 'i32'], [], (code, state, from, to) => {
    const pipe = new Pipe(code, state, context, more, layout, settings);
    const table = new GroupTable(pipe, source.keys, addressing);
    const fullLayout = groupLayout(source.keys, full);
    const each = (
      row: Parameters<typeof stateAccess>[2],
      body: (a: PreparedAggregate, s: ReturnType<typeof stateAccess>, i: number) => void,
    ): void =>
      aggregates.forEach((a, i) => {
        body(a, stateAccess(pipe, fullLayout, row, stateField(source.keys.length, full, i), a.state), i);
      });
    table.use(fullLayout, (row) => each(row, (a, s) => emitOf(a).init(pipe.emitter, s, a.call)));
    const base = code.local('i32');
    const at = code.local('i32');
    const [i, end] = [code.local('i32'), code.local('i32')];
    const hash = code.local('i32');
    const partition = code.local('i32');
    pipe.loadWord(PIPE.SOURCE, base);
    pipe.loadWord(PIPE.PARTITION, partition);
    table.prologue();
    // Without keys there is one group even where there are no rows.
    if (addressing.kind === 'single') table.find([]);
    /** Calls `body` for each row of a block, with its first word in `hash`. */
    const eachRow = (body: () => void): void => {
      code.forRange(
        i,
        () => code.get(from),
        end,
        () => {
          code.get(base).get(i).i32(partial.stride).op('i32.mul').op('i32.add').tee(at);
          code.op('i32.load', GROUP_HEADER.HASH).set(hash);
          body();
        },
      );
    };
    const pushIsOwn = (): Code =>
      code
        .get(hash)
        .i32(HASH_BITS - bits)
        .op('i32.shr_u')
        .get(partition)
        .op('i32.eq');
    code.loop((again) => {
      code.get(from).i32(BLOCK_ROWS).op('i32.add').tee(end).get(to).get(end).get(to).op('i32.lt_u').select().set(end);
      if (addressing.kind === 'hash') {
        eachRow(() => {
          if (bits > 0) pushIsOwn();
          table.touch(hash, bits > 0);
        });
      }
      eachRow(() => {
        const merge = (): void => {
          const keys = source.keys.map(
            (k, n): ColumnValue => ({ ...loadField(code, at, fieldAt(partial, n), k.type, k.range), stable: true }),
          );
          const row = table.find(keys, hash);
          each(row, (a, s, n) => {
            const first = stateField(source.keys.length, carriers, n);
            const other = a.state.map((type, k) => loadField(code, at, fieldAt(partial, first + k), type));
            emitOf(a).merge(pipe.emitter, s, other, a.call);
          });
        };
        if (bits > 0) pushIsOwn().if(merge);
        else merge();
      });
      code.get(end).tee(from).get(to).op('i32.lt_u').brIf(again);
    });
  });
  return { bytes: module.bytes(), callSites: context.callSites, literals: context.literalPool() };
}
