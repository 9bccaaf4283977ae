import { instantiate, WasmModule } from '../../src/wasm/index.js';

/** One small thing done by us and, where there is such a thing, by a plain JavaScript loop; both give the same number. */
export interface Micro {
  readonly name: string;
  readonly ours: (rows: number) => () => number;
  readonly plain?: (rows: number) => () => number;
}

const pageBytes = 65_536;

type SumOf = (start: number, end: number) => number;

interface Columns {
  readonly memory: WebAssembly.Memory;
  readonly price: Float64Array;
  readonly discount: Float64Array;
}

/** Two float64 columns one after the other in shared memory: always the same values for a number of rows. */
function columns(rows: number): Columns {
  const pages = Math.ceil((rows * 16) / pageBytes) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });
  const price = new Float64Array(memory.buffer, 0, rows);
  const discount = new Float64Array(memory.buffer, rows * 8, rows);
  for (let row = 0; row < rows; row++) {
    price[row] = (row * 7_919) % 100_000;
    discount[row] = ((row * 31) % 11) / 100;
  }
  return { memory, price, discount };
}

/** sum(price), two lanes at a time; an even number of rows. */
function sumModule(): WasmModule {
  const module = new WasmModule();
  module.function('sum', ['i32', 'i32'], ['f64'], (code, at, end) => {
    const total = code.local('v128');
    code.block((exit) => {
      code.loop((again) => {
        code.get(at).get(end).op('i32.ge_u').brIf(exit);
        code.get(total).get(at).op('v128.load').op('f64x2.add').set(total);
        code.get(at).i32(16).op('i32.add').set(at).br(again);
      });
    });
    code.get(total).op('f64x2.extract_lane', 0).get(total).op('f64x2.extract_lane', 1).op('f64.add');
  });
  return module;
}

/** sum(price * discount) where discount is between 0.05 and 0.07: a filter and an aggregate in one loop. */
function filterSumModule(distance: number): WasmModule {
  const module = new WasmModule();
  module.function('sum', ['i32', 'i32'], ['f64'], (code, at, end) => {
    const [total, discount] = [code.local('f64'), code.local('f64')];
    code.block((exit) => {
      code.loop((again) => {
        code.get(at).get(end).op('i32.ge_u').brIf(exit);
        code.get(at).op('f64.load', distance).tee(discount).f64(0.05).op('f64.ge');
        code.get(discount).f64(0.07).op('f64.le').op('i32.and');
        code.if(() => {
          code.get(total).get(at).op('f64.load').get(discount).op('f64.mul').op('f64.add').set(total);
        });
        code.get(at).i32(8).op('i32.add').set(at).br(again);
      });
    });
    code.get(total);
  });
  return module;
}

function runs(module: WasmModule, rows: number): () => number {
  const { memory } = columns(rows);
  const compiled = new WebAssembly.Module(module.bytes());
  const { sum } = instantiate<{ sum: SumOf }>(compiled, memory).exports;
  return () => sum(0, rows * 8);
}

export const micros: readonly Micro[] = [
  {
    name: 'sum-float64',
    ours: (rows) => runs(sumModule(), rows),
    plain: (rows) => {
      const { price } = columns(rows);
      return () => {
        let total = 0;
        for (let row = 0; row < price.length; row++) total += price[row] as number;
        return total;
      };
    },
  },
  {
    name: 'filter-sum-float64',
    ours: (rows) => runs(filterSumModule(rows * 8), rows),
    plain: (rows) => {
      const { price, discount } = columns(rows);
      return () => {
        let total = 0;
        for (let row = 0; row < price.length; row++) {
          const rate = discount[row] as number;
          if (rate >= 0.05 && rate <= 0.07) total += (price[row] as number) * rate;
        }
        return total;
      };
    },
  },
  { name: 'emit-module', ours: (rows) => () => filterSumModule(rows * 8).bytes().length },
  {
    name: 'compile-module',
    ours: (rows) => {
      const bytes = filterSumModule(rows * 8).bytes();
      return () => WebAssembly.Module.exports(new WebAssembly.Module(bytes)).length;
    },
  },
];
