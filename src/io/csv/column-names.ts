/** Names of the header, made unique as Spark does: duplicates get their position, empty ones are `_c0`, `_c1`, …. */
export function columnNames(head: readonly (string | null)[], hasHeader: boolean): string[] {
  if (!hasHeader) return head.map((_, i) => `_c${i}`);
  const lower = head.map((name) => name?.toLowerCase());
  return head.map((name, i) => {
    if (name === null || name === '') return `_c${i}`;
    return lower.indexOf(lower[i]) !== lower.lastIndexOf(lower[i]) ? `${name}${i}` : name;
  });
}
