import type { ByteWriter } from './byte-writer.js';
import type { OpcodeRow } from './opcodes.js';

/** Writes what follows an opcode; gives the reason if the immediates do not fit the row. */
export function encodeImmediates(
  out: ByteWriter,
  row: OpcodeRow,
  imm: readonly number[],
  hasMemory: boolean,
): string | undefined {
  const kind = row.imm;
  switch (kind) {
    case undefined:
      return tooMany(imm, 0);
    case 'memarg':
    case 'memarg_lane':
      if (!hasMemory) return 'in a module without memory';
      return tooMany(imm, 2) ?? memarg(out, row, imm);
    case 'lane':
      return tooMany(imm, 1) ?? lane(out, row.lanes ?? 0, imm[0]);
    case 'lanes16':
    case 'bytes16':
      return sixteen(out, imm, row.lanes ?? 256);
    case 'memory':
    case 'memories':
      if (!hasMemory) return 'in a module without memory';
      out.byte(0);
      if (kind === 'memories') out.byte(0);
      return tooMany(imm, 0);
  }
}

function tooMany(imm: readonly number[], most: number): string | undefined {
  return imm.length > most ? `takes at most ${most} immediates, found ${imm.length}` : undefined;
}

function memarg(out: ByteWriter, row: OpcodeRow, imm: readonly number[]): string | undefined {
  const natural = row.align ?? 0;
  const offset = imm[0] ?? 0;
  const align = (row.imm === 'memarg' ? imm[1] : undefined) ?? natural;
  if (!isBelow(offset, 2 ** 32)) return `offset ${offset} is not an unsigned 32-bit integer`;
  if (!isBelow(align, natural + 1)) return `alignment 2^${align} exceeds the natural 2^${natural}`;
  out.u32(align);
  out.u32(offset);
  // A lane as wide as what is read or written: 16 bytes hold 16 >> natural of them.
  return row.imm === 'memarg_lane' ? lane(out, 16 >> natural, imm[1]) : undefined;
}

function lane(out: ByteWriter, lanes: number, index: number | undefined): string | undefined {
  if (index === undefined || !isBelow(index, lanes)) return `lane ${index} is not in 0..${lanes - 1}`;
  out.byte(index);
  return undefined;
}

function sixteen(out: ByteWriter, imm: readonly number[], limit: number): string | undefined {
  if (imm.length !== 16) return `takes 16 immediates, found ${imm.length}`;
  for (const value of imm) if (!isBelow(value, limit)) return `immediate ${value} is not in 0..${limit - 1}`;
  out.bytes(imm);
  return undefined;
}

function isBelow(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}
