import type { WasmModule } from '../../../wasm/index.js';
import { bump, copyChunks, returnIf, whileLoop } from './emit.js';

/**
 * Byte arrays become Arrow's layout: bytes appended at `data + position`, where each value ends written to
 * offsets[1…]. All return the new position, or -1 when the bytes do not fit what is announced. They write up to 16
 * bytes too many at `data`; callers keep the whole below 2 GiB.
 */
export function emitStrings(module: WasmModule): void {
  emitPlain(module);
  emitLengths(module);
  emitFront(module);
  emitFixedBytes(module);
}

/** `plainStrings(source, end, count, offsets, data, position)`: each value after its 4-byte length. */
function emitPlain(module: WasmModule): void {
  module.function('plainStrings', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, count, offsets, data, position] = params;
    const [length, from, to, last] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(end).get(source).op('i32.sub').i32(4).op('i32.lt_u');
        returnIf(code, -1);
        code.get(source).op('i32.load', 0, 0).set(length);
        bump(code, source, 4);
        code.get(length).get(end).get(source).op('i32.sub').op('i32.gt_u');
        returnIf(code, -1);
        code.get(source).set(from);
        code.get(data).get(position).op('i32.add').set(to);
        code.get(to).get(length).op('i32.add').set(last);
        copyChunks(code, from, to, last);
        code.get(source).get(length).op('i32.add').set(source);
        code.get(position).get(length).op('i32.add').set(position);
        bump(code, offsets, 4);
        code.get(offsets).get(position).op('i32.store', 0, 0);
        bump(code, count, -1);
      },
    );
    code.get(position);
  });
}

/** `lengthsToOffsets(lengths, count, offsets, position, available)`: running ends; the lengths must fit `available`. */
function emitLengths(module: WasmModule): void {
  module.function('lengthsToOffsets', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [lengths, count, offsets, position, available] = params;
    const length = code.local('i32');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(lengths).op('i32.load', 0, 0).tee(length).get(available).op('i32.gt_u');
        returnIf(code, -1);
        code.get(available).get(length).op('i32.sub').set(available);
        code.get(position).get(length).op('i32.add').set(position);
        bump(code, offsets, 4);
        code.get(offsets).get(position).op('i32.store', 0, 0);
        bump(code, lengths, 4);
        bump(code, count, -1);
      },
    );
    code.get(position);
  });
  module.function('sumLengths', ['i32', 'i32'], ['i64'], (code, ...params) => {
    const [lengths, count] = params;
    const total = code.local('i64');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(lengths).op('i64.load32_u', 0, 0).get(total).op('i64.add').set(total);
        bump(code, lengths, 4);
        bump(code, count, -1);
      },
    );
    code.get(total);
  });
}

/**
 * `frontStrings(prefixes, suffixes, count, source, end, offsets, data, position)`: DELTA_BYTE_ARRAY, each value being
 * the start of the one before it and its own rest. `data + position` must have room for all of them.
 */
function emitFront(module: WasmModule): void {
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('frontStrings', types, ['i32'], (code, ...params) => {
    const [prefixes, suffixes, count, source, end, offsets, data, position] = params;
    const [prefix, suffix, before, previous] = [
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
    ];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(prefixes).op('i32.load', 0, 0).tee(prefix).get(previous).op('i32.gt_u');
        code
          .get(suffixes)
          .op('i32.load', 0, 0)
          .tee(suffix)
          .get(end)
          .get(source)
          .op('i32.sub')
          .op('i32.gt_u')
          .op('i32.or');
        returnIf(code, -1);
        code.get(data).get(position).op('i32.add').get(before).get(prefix).op('memory.copy');
        code.get(data).get(position).op('i32.add').set(before);
        code.get(before).get(prefix).op('i32.add').get(source).get(suffix).op('memory.copy');
        code.get(source).get(suffix).op('i32.add').set(source);
        code.get(prefix).get(suffix).op('i32.add').tee(previous).get(position).op('i32.add').set(position);
        bump(code, offsets, 4);
        code.get(offsets).get(position).op('i32.store', 0, 0);
        bump(code, prefixes, 4);
        bump(code, suffixes, 4);
        bump(code, count, -1);
      },
    );
    code.get(position);
  });
}

/** `fixedOffsets(count, width, offsets, position)`: running ends of values of one length. */
function emitFixedBytes(module: WasmModule): void {
  module.function('fixedOffsets', ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [count, width, offsets, position] = params;
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(position).get(width).op('i32.add').set(position);
        bump(code, offsets, 4);
        code.get(offsets).get(position).op('i32.store', 0, 0);
        bump(code, count, -1);
      },
    );
    code.get(position);
  });
}
