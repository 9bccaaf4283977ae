/** Bytes of a sort entry: u64 prefix, u32 row address, u32 marks of a window. */
export const ENTRY_BYTES = 16;
