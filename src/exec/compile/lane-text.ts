import type { Code, Func, Local } from '../../wasm/index.js';
import type { ColumnForm } from './load.js';
import { COLUMN, COLUMN_BYTES } from './state-layout.js';
import type { TextLanes } from './vector-types.js';

/** What lanes of texts need besides the columns. */
export interface TextEmission {
  readonly code: Code;
  readonly state: Local;
  readonly from: Local;
  readonly to: Local;
  /** A function of the module, by the name it has among those that all modules share. */
  readonly helper: (name: 'is_ascii' | 'code_points') => Func;
  /** Computes a call for every entry of its column's dictionary: where the numbers are, and how many. */
  readonly entries: (lanes: Extract<TextLanes, { op: 'entry' }>) => {
    readonly address: Local;
    readonly entries: Local;
  };
}

/** Gives the lanes of rows `row`…`row` + 3; what they are behind the last row is anything. */
export type EmitTexts = (row: Local) => Local;

/** Before the loop: everything that does not depend on the row. */
export function prepareTexts(
  texts: TextEmission,
  lanes: TextLanes,
  columnsAt: number,
  forms: readonly ColumnForm[],
): EmitTexts {
  const { code, state } = texts;
  const word = (at: number): Local => {
    const local = code.local('i32');
    code
      .get(state)
      .op('i32.load', columnsAt + lanes.column * COLUMN_BYTES + at)
      .set(local);
    return local;
  };
  const data = word(COLUMN.DATA);
  if (lanes.op === 'entry') return byCode(texts, lanes, data, (forms[lanes.column] as ColumnForm).storage);
  const offsets = word(COLUMN.OFFSETS);
  const lengths = (row: Local): Local => {
    const [address, out] = [addressOf(code, offsets, row, 2), code.local('v128')];
    code.get(address).op('v128.load', 4, 0).get(address).op('v128.load', 0, 0).op('i32x4.sub').set(out);
    return out;
  };
  if (lanes.unit === 'chars') return characters(texts, data, offsets, lengths);
  return (row) => {
    const out = lengths(row);
    if (lanes.unit === 'bits') code.get(out).i32(3).op('i32x4.shl').set(out);
    return out;
  };
}

/** Where all bytes are ASCII, as many as bytes; else each text is counted. */
function characters(texts: TextEmission, data: Local, offsets: Local, lengths: EmitTexts): EmitTexts {
  const { code, from, to, helper } = texts;
  const ascii = code.local('i32');
  const pushEnd = (at: () => void, offset: number): void => {
    code.get(data);
    at();
    code.op('i32.load', offset).op('i32.add');
  };
  for (const row of [from, to]) pushEnd(() => code.get(offsets).get(row).i32(2).op('i32.shl').op('i32.add'), 0);
  code.call(helper('is_ascii')).set(ascii);
  return (row) => {
    const out = lengths(row);
    code
      .get(ascii)
      .op('i32.eqz')
      .if(() => {
        const address = addressOf(code, offsets, row, 2);
        for (let r = 0; r < 4; r++) {
          code.get(row).i32(r).op('i32.add').get(to).op('i32.lt_u');
          code.if(() => {
            code.get(out);
            for (const end of [r, r + 1]) pushEnd(() => code.get(address), end * 4);
            code.call(helper('code_points')).op('i32x4.replace_lane', r).set(out);
          });
        }
      });
    return out;
  };
}

/** The number of each row's entry. */
function byCode(
  texts: TextEmission,
  lanes: Extract<TextLanes, { op: 'entry' }>,
  data: Local,
  storage: ColumnForm['storage'],
): EmitTexts {
  const { code } = texts;
  const { address, entries } = texts.entries(lanes);
  const [last, base] = [code.local('v128'), code.local('v128')];
  code.get(entries).op('i32x4.splat').set(last).get(address).op('i32x4.splat').set(base);
  return (row) => {
    const [at, out] = [code.local('v128'), code.local('v128')];
    pushIntegers(code, addressOf(code, data, row, shiftOf(storage)), storage);
    // Behind the last row there are no codes: behind the last entry is one more word.
    code.get(last).op('i32x4.min_u').i32(2).op('i32x4.shl').get(base).op('i32x4.add').set(at);
    code.get(at).op('i32x4.extract_lane', 0).op('v128.load32_zero', 0).set(out);
    for (let r = 1; r < 4; r++) code.get(at).op('i32x4.extract_lane', r).get(out).op('v128.load32_lane', 0, r).set(out);
    return out;
  };
}

export function addressOf(code: Code, data: Local, row: Local, shift: number): Local {
  const address = code.local('i32');
  code.get(data).get(row);
  if (shift > 0) code.i32(shift).op('i32.shl');
  code.op('i32.add').set(address);
  return address;
}

export const shiftOf = (storage: ColumnForm['storage']): number =>
  storage === 'i8' || storage === 'u8' ? 0 : storage === 'i16' || storage === 'u16' ? 1 : 2;

/** Pushes four integers of at most 32 bits as lanes. */
export function pushIntegers(code: Code, address: Local, storage: ColumnForm['storage']): void {
  code.get(address);
  if (storage === 'i8') code.op('v128.load32_zero', 0, 0).op('i16x8.extend_low_i8x16_s').op('i32x4.extend_low_i16x8_s');
  else if (storage === 'u8')
    code.op('v128.load32_zero', 0, 0).op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
  else if (storage === 'i16') code.op('v128.load16x4_s', 0, 0);
  else if (storage === 'u16') code.op('v128.load16x4_u', 0, 0);
  else code.op('v128.load', 0, 0);
}
