/** Bytes of a sort entry: u64 prefix, u32 row address or the other bits of a packed row, u32 of marks. */
export const ENTRY_BYTES = 16;
/** Where a window marks what begins, and a task that merges runs what it looks for. */
export const MARK_AT = 12;
