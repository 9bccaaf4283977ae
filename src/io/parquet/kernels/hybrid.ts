import type { Code, Func, Local, ValType, WasmModule } from '../../../wasm/index.js';
import { bump } from './emit.js';

/** Widths up to this are unpacked four at a time: a value, moved to bit 7 of its lane, still fits in 32 bits. */
const MAX_VECTOR_WIDTH = 25;

/**
 * Decoders of the RLE / bit-packed hybrid, one per bit width: `hybrid_<w>(source, end, target, count)` writes `count`
 * u32 values and returns where it stopped reading, or 0 when the bytes end early. It may write 60 bytes too many at
 * `target` and read 32 too many at `source`.
 */
export function emitHybrid(module: WasmModule, varint: Func): void {
  for (let width = 0; width <= 32; width++) emitWidth(module, width, varint);
}

/** `(source, end) -> i64`: the new position in the high half, the number in the low one; 0 when it ends early. */
export function emitVarint(module: WasmModule): Func {
  return module.function(
    'varint',
    ['i32', 'i32'],
    ['i64'],
    (code, ...[source, end]) => {
      if (source === undefined || end === undefined) return;
      const [value, shift, byte] = [code.local('i32'), code.local('i32'), code.local('i32')];
      code.loop((again) => {
        code.get(source).get(end).op('i32.ge_u').get(shift).i32(28).op('i32.gt_u').op('i32.or');
        code.if(() => code.i64(0).return());
        code.get(source).op('i32.load8_u').set(byte);
        code.get(source).i32(1).op('i32.add').set(source);
        code.get(value).get(byte).i32(127).op('i32.and').get(shift).op('i32.shl').op('i32.or').set(value);
        code.get(shift).i32(7).op('i32.add').set(shift);
        code.get(byte).i32(128).op('i32.and').brIf(again);
      });
      code.get(source).op('i64.extend_i32_u').i64(32).op('i64.shl').get(value).op('i64.extend_i32_u').op('i64.or');
    },
    { export: false },
  );
}

function emitWidth(module: WasmModule, width: number, varint: Func): void {
  emitRuns(module, `hybrid_${width}`, width, varint, {
    bytes: 4,
    group: (code, source, target) => {
      if (width === 0) zeroGroup(code, target);
      else if (width <= MAX_VECTOR_WIDTH) vectorGroup(code, width, source, target);
      else scalarGroup(code, width, source, target);
    },
    splat: (code, value) => code.get(value).op('i32x4.splat'),
  });
}

/** What becomes of the numbers of a hybrid. */
export interface RunForm {
  /** Of a value that is written. */
  readonly bytes: 1 | 2 | 4 | 8;
  /** Parameters behind source, end, target and count. */
  readonly more?: readonly ValType[];
  /** Writes eight values, packed at `source`. */
  group(code: Code, source: Local, target: Local, more: readonly Local[]): void;
  /** Leaves what is written for `value` on the stack, as often as it fits into a vector. */
  splat(code: Code, value: Local, more: readonly Local[]): void;
}

/** A decoder of the hybrid of numbers of `width` bits: see `emitHybrid`. */
export function emitRuns(module: WasmModule, name: string, width: number, varint: Func, form: RunForm): void {
  module.function(name, ['i32', 'i32', 'i32', 'i32', ...(form.more ?? [])], ['i32'], (code, ...params) => {
    const [source, end, target, count, ...more] = params as [Local, Local, Local, Local, ...Local[]];
    const [header, both] = [code.local('i32'), code.local('i64')];
    const run: Run = { source, end, target, count, more, header };
    code.block((done) => {
      code.loop((again) => {
        code.get(count).op('i32.eqz').brIf(done);
        code.get(source).get(end).call(varint).tee(both).op('i64.eqz');
        code.if(() => code.i32(0).return());
        code.get(both).i64(32).op('i64.shr_u').op('i32.wrap_i64').set(source);
        code.get(both).op('i32.wrap_i64').tee(header).i32(1).op('i32.and');
        code.get(header).i32(1).op('i32.shr_u').set(header);
        code.if(
          () => packedRun(code, width, run, form),
          () => repeatedRun(code, width, run, form),
        );
        code.br(again);
      });
    });
    code.get(source);
  });
}

interface Run {
  readonly source: Local;
  readonly end: Local;
  readonly target: Local;
  readonly count: Local;
  readonly more: readonly Local[];
  /** Groups of eight values, or how often a value is repeated. */
  readonly header: Local;
}

/** Groups of eight packed values; the last group may hold more than are wanted. */
function packedRun(code: Code, width: number, run: Run, form: RunForm): void {
  const { source, end, target, count, header: groups } = run;
  const shift = Math.log2(form.bytes);
  const [values, last] = [code.local('i32'), code.local('i32')];
  // Clamp first: a hostile header may announce 2^31 groups.
  code.get(count).i32(7).op('i32.add').i32(3).op('i32.shr_u').tee(values).get(groups).op('i32.lt_u');
  code.if(() => code.get(values).set(groups));
  code.get(groups).i32(3).op('i32.shl').tee(values).get(count).op('i32.gt_u');
  code.if(() => code.get(count).set(values));
  code.get(values).op('i64.extend_i32_u').i64(width).op('i64.mul').i64(7).op('i64.add').i64(3).op('i64.shr_u');
  code.get(end).get(source).op('i32.sub').op('i64.extend_i32_u').op('i64.gt_u');
  code.if(() => code.i32(0).return());
  code
    .get(target)
    .get(groups)
    .i32(3 + shift)
    .op('i32.shl')
    .op('i32.add')
    .set(last);
  code.get(count).get(values).op('i32.sub').set(count);
  const overshoot = code.local('i32');
  code.get(groups).i32(3).op('i32.shl').get(values).op('i32.sub').i32(shift).op('i32.shl').set(overshoot);
  code.block((done) => {
    code.loop((again) => {
      code.get(target).get(last).op('i32.ge_u').brIf(done);
      form.group(code, source, target, run.more);
      code.get(source).i32(width).op('i32.add').set(source);
      bump(code, target, 8 * form.bytes);
      code.br(again);
    });
  });
  code.get(target).get(overshoot).op('i32.sub').set(target);
}

function zeroGroup(code: Code, target: Local): void {
  for (const offset of [0, 8, 16, 24]) code.get(target).i64(0).op('i64.store', offset, 0);
}

function vectorGroup(code: Code, width: number, source: Local, target: Local): void {
  for (const half of [0, 1]) {
    const firstBit = half * 4 * width;
    const base = firstBit >> 3;
    const bits = [0, 1, 2, 3].map((i) => firstBit + i * width - base * 8);
    const shifts = bits.map((bit) => bit & 7);
    const most = Math.max(...shifts);
    const lanes = bits.flatMap((bit) => [0, 1, 2, 3].map((b) => Math.min(15, (bit >> 3) + b)));
    const loaded = code.local('v128');
    code.get(target);
    code
      .get(source)
      .op('v128.load', base, 0)
      .tee(loaded)
      .get(loaded)
      .op('i8x16.shuffle', ...lanes);
    if (shifts.some((s) => s !== most)) {
      const factors = shifts.flatMap((s) => littleEndian(2 ** (most - s)));
      code.v128(factors).op('i32x4.mul');
    }
    if (most > 0) code.i32(most).op('i32x4.shr_u');
    if (width < 32) code.v128([0, 1, 2, 3].flatMap(() => littleEndian(2 ** width - 1))).op('v128.and');
    code.op('v128.store', half * 16, 0);
  }
}

function scalarGroup(code: Code, width: number, source: Local, target: Local): void {
  for (let i = 0; i < 8; i++) {
    const bit = i * width;
    code
      .get(target)
      .get(source)
      .op('i64.load', bit >> 3, 0);
    if ((bit & 7) > 0) code.i64(bit & 7).op('i64.shr_u');
    code
      .i64(2 ** width - 1)
      .op('i64.and')
      .op('i64.store32', i * 4, 0);
  }
}

function littleEndian(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}

function repeatedRun(code: Code, width: number, run: Run, form: RunForm): void {
  const { source, end, target, count, header: times } = run;
  const bytes = (width + 7) >> 3;
  const [value, last, vector] = [code.local('i32'), code.local('i32'), code.local('v128')];
  code.get(times).get(count).op('i32.gt_u');
  code.if(() => code.get(count).set(times));
  code.get(end).get(source).op('i32.sub').i32(bytes).op('i32.lt_u');
  code.if(() => code.i32(0).return());
  if (bytes > 0) {
    code.get(source).op('i32.load', 0, 0);
    if (bytes < 4) code.i32(2 ** (bytes * 8) - 1).op('i32.and');
    code.set(value);
    bump(code, source, bytes);
  }
  form.splat(code, value, run.more);
  code.set(vector);
  code.get(count).get(times).op('i32.sub').set(count);
  code.get(target).get(times).i32(Math.log2(form.bytes)).op('i32.shl').op('i32.add').set(last);
  code.block((done) => {
    code.loop((again) => {
      code.get(target).get(last).op('i32.ge_u').brIf(done);
      code.get(target).get(vector).op('v128.store', 0, 0);
      bump(code, target, 16);
      code.br(again);
    });
  });
  code.get(last).set(target);
}
