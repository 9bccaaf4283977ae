import { carrierOf, type Dictionary } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { ModuleContext } from '../../functions/module-context.js';
import { type Code, type Local, WasmModule } from '../../wasm/index.js';
import type { PlacedKeys } from '../task/placed-groups.js';
import type { RowSourceSpec, SourceColumn } from '../task/spec.js';
import { emitOf, fullCarriers, groupLayout, prepareAggregate, stateAccess, stateField } from './aggregates.js';
import { extend } from './keys.js';
import { type ColumnValue, newParts } from './load.js';
import { Pipe } from './pipe.js';
import { storeValue } from './rows.js';
import { PIPE, type StateLayout } from './state-layout.js';
import { foldPair, type Pair, pairsOf, placeOf, recordBytes, totalsOf, VECTOR } from './totals-tables.js';

/**
 * A module whose `merge(state, from, to)` makes group rows of places from…to: the records of all tables (addresses at
 * PIPE.TOTALS, their number at PIPE.TOTALS_BYTES) folded in the order of the tables.
 */
export function compileTotalsMerge(
  source: Extract<RowSourceSpec, { kind: 'groups' }>,
  keys: PlacedKeys,
  settings: EvalSettings,
  layout: StateLayout,
): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  module.import('more_heap', ['i32', 'i32'], []);
  module.import('call_js', ['i32', 'i32'], []);
  const more = module.import('more', ['i32', 'i32', 'i32'], []);
  const context = new ModuleContext(module, settings);
  const { plan } = keys;
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, settings));
  const carriers = fullCarriers(aggregates);
  const rows = groupLayout(source.keys, carriers);
  module.function('merge', ['i32', 'i32', 'i32'], [], (code, state, from, to) => {
    const pipe = new Pipe(code, state, context, more, layout, settings);
    const place = code.local('i32');
    const offset = code.local('i32');
    const pairs = pairsOf(plan);
    const folded = pairs.map(() => code.local('v128'));
    code.forRange(
      place,
      () => code.get(from),
      to,
      () => {
        code.get(place).i32(recordBytes(plan)).op('i32.mul').set(offset);
        foldTables(pipe, offset, pairs, folded);
        const count = extracted(code, pairs, folded, 'count');
        code.get(count).op('i64.eqz').op('i32.eqz');
        code.if(() => {
          const totals = plan.totals.map((total) => extracted(code, pairs, folded, total));
          const values = decodeKeys(code, place, keys, source.keys);
          const row = pipe.newRow(rows.stride);
          for (const [k, value] of values.entries()) storeValue(pipe, rows, row, k, value);
          for (const [i, a] of aggregates.entries()) {
            const field = stateField(source.keys.length, carriers, i);
            const access = stateAccess(pipe, rows, row, field, a.state);
            emitOf(a).init(pipe.emitter, access, a.call);
            emitOf(a).merge(pipe.emitter, access, totalsOf(pipe, plan, i, a.spec.fn, count, totals), a.call);
          }
        });
      },
    );
  });
  return module.bytes();
}

/** folded = the records at `offset` of all tables, in their order. */
function foldTables(pipe: Pipe, offset: Local, pairs: readonly Pair[], folded: readonly Local[]): void {
  const { code } = pipe;
  const [list, left, address] = [code.local('i32'), code.local('i32'), code.local('i32')];
  pipe.loadWord(PIPE.TOTALS, list);
  pipe.loadWord(PIPE.TOTALS_BYTES, left);
  const zero = new Array<number>(VECTOR).fill(0);
  for (const vector of folded) code.v128(zero).set(vector);
  code.block((done) => {
    code.loop((again) => {
      code.get(left).op('i32.eqz').brIf(done);
      code.get(list).op('i32.load', 0).get(offset).op('i32.add').set(address);
      pairs.forEach(({ kind }, p) => {
        const vector = folded[p] as Local;
        code
          .get(vector)
          .get(address)
          .op('v128.load', p * VECTOR);
        foldPair(code, kind);
        code.set(vector);
      });
      code.get(list).i32(4).op('i32.add').set(list);
      code.get(left).i32(1).op('i32.sub').set(left);
      code.br(again);
    });
  });
}

function extracted(
  code: Code,
  pairs: readonly Pair[],
  folded: readonly Local[],
  cell: Parameters<typeof placeOf>[1],
): Local {
  const { type, offset } = placeOf(pairs, cell);
  const word = code.local(type);
  const lane = (offset % VECTOR) / (type === 'i32' ? 4 : 8);
  const shape = type === 'i32' ? 'i32x4' : type === 'i64' ? 'i64x2' : 'f64x2';
  code
    .get(folded[Math.floor(offset / VECTOR)] as Local)
    .op(`${shape}.extract_lane`, lane)
    .set(word);
  return word;
}

/** The keys that lead to a place: its digits, less the one for null. */
function decodeKeys(
  code: Code,
  place: Local,
  { placed, dictionaries }: PlacedKeys,
  columns: readonly SourceColumn[],
): ColumnValue[] {
  let stride = 1;
  return placed.keys.map(({ base, size }, k) => {
    const { type } = columns[k] as SourceColumn;
    const digit = code.local('i32');
    code.get(place).i32(stride).op('i32.div_u').i32(size).op('i32.rem_u').i32(1).op('i32.sub').set(digit);
    stride *= size;
    const dictionary = dictionaries[k];
    if (dictionary !== undefined) {
      const parts = newParts(code, 'bytes') as [Local, Local];
      pushText(code, dictionary, digit, parts);
      return { type, carrier: 'bytes', parts, isNull: undefined, stable: true };
    }
    const wide = code.local('i64');
    code.get(digit).op('i64.extend_i32_u').i64(base).op('i64.add').set(wide);
    const value: ColumnValue = { type, carrier: 'i64', parts: [wide], isNull: undefined, stable: true };
    const carrier = carrierOf(type);
    return { ...value, carrier, parts: extend(code, value, carrier) };
  });
}

/** parts = address and length of a dictionary's text. */
function pushText(code: Code, { offsets, data }: Dictionary, number: Local, [address, length]: [Local, Local]): void {
  const at = code.local('i32');
  code
    .get(number)
    .i32(2)
    .op('i32.shl')
    .i32(offsets | 0)
    .op('i32.add')
    .set(at);
  code
    .get(at)
    .op('i32.load', 0)
    .i32(data | 0)
    .op('i32.add')
    .set(address);
  code.get(at).op('i32.load', 4).get(at).op('i32.load', 0).op('i32.sub').set(length);
}
