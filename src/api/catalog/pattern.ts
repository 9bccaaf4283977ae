/** SHOW's patterns: `*` is anything, `|` separates several; case does not matter. */
export function fitsPattern(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true;
  return pattern.split('|').some((part) => {
    const source = part
      .trim()
      .replace(/[.+?^${}()[\]\\]/g, '\\$&')
      .replaceAll('*', '.*');
    return new RegExp(`^${source}$`, 'i').test(name);
  });
}
