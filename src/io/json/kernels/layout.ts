/** Kinds of values in an index, in the upper bits of the word that has their place. */
export const KIND = { none: 0, number: 1, string: 2, escaped: 3, word: 4, nested: 5 } as const;

export const KIND_SHIFT = 29;
/** Positions have the other bits. */
export const POSITION = 2 ** KIND_SHIFT - 1;

/** Bytes of an index for each value: its place with its kind, its end. */
export const ENTRY_BYTES = 8;

/** Tables by byte: what the letter of an escape stands for (0: nothing), and the value of a hexadecimal digit (255: none). */
export const TABLES = { escapes: 0, hex: 256, bytes: 512 } as const;

/**
 * The table of fields. At its start: a mask for places in the table of hashes, the address of that, the address of an
 * entry that stands for the start of a record, and whether fields that are not in it are refused. Of a field: the entry
 * that came after it last time (0: none), its place in a record of the index (-1: not wanted), the address of its name
 * in quotes with the end of that, and its length. Names are in pieces of 16 bytes, each with a mask.
 */
export const FIELDS = { mask: 0, hashes: 4, start: 8, strict: 12, first: 16 } as const;
export const FIELD = { next: 0, slot: 4, name: 8, nameEnd: 12, length: 16, bytes: 32 } as const;

/** What kernels leave behind the counters of typed kernels' first words: rows found, whether a record was left. */
export const FOUND = { rows: 0, left: 4 } as const;

/** The hash of a name's bytes; kernels compute the same. */
export const HASH_FACTOR = 31;
