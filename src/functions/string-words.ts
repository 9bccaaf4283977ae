/** Letters whose title case is neither upper nor lower case. */
const TITLE: Readonly<Record<string, string>> = { Ǆ: 'ǅ', Ǉ: 'ǈ', Ǌ: 'ǋ', Ǳ: 'ǲ' };

/** Words begin at the start and behind blanks; a letter that becomes several keeps only the first large. */
export function titleCase(text: string): string {
  return text.toLowerCase().replace(/(^| )([^ ])/gu, (_, before: string, letter: string) => {
    const [first = '', ...rest] = letter.toUpperCase();
    return before + (TITLE[first] ?? first) + rest.join('').toLowerCase();
  });
}

/** Each character of `from` becomes that at its place in `to`; those without one vanish. The first of a kind counts. */
export function translateChars(text: string, from: string, to: string): string {
  const targets = [...to];
  const map = new Map<string, string>();
  for (const [i, char] of [...from].entries()) if (!map.has(char)) map.set(char, targets[i] ?? '');
  let out = '';
  for (const char of text) out += map.get(char) ?? char;
  return out;
}

export function levenshtein(a: readonly string[], b: readonly string[]): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}

/** The share of letters two texts have in common, more where they begin alike (Jaro and Winkler): 0 to 1. */
export function jaroWinkler(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 && b.length === 0) return 1;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = b.map(() => false);
  const common = a.filter((char, i) => {
    const at = b.findIndex((other, j) => !taken[j] && other === char && Math.abs(i - j) <= reach);
    if (at >= 0) taken[at] = true;
    return at >= 0;
  });
  const m = common.length;
  if (m === 0) return 0;
  const others = b.filter((_, j) => taken[j]);
  const moved = common.filter((char, i) => char !== others[i]).length;
  const jaro = (m / a.length + m / b.length + (m - moved / 2) / m) / 3;
  let prefix = 0;
  while (prefix < Math.min(4, a.length, b.length) && a[prefix] === b[prefix]) prefix++;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** The sound of A to Z: a digit, 7 for H and W (which separate nothing), 0 for vowels (which do). */
const SOUNDS = '01230127022455012623017202';

export function soundex(text: string): string {
  const first = text[0]?.toUpperCase() ?? '';
  if (!/^[A-Z]$/.test(first) || !/^[A-Za-z]/.test(text)) return text;
  const soundOf = (char: string): string => SOUNDS[char.toUpperCase().charCodeAt(0) - 65] ?? '0';
  let code = first;
  let last = soundOf(first);
  for (const char of text.slice(1)) {
    if (code.length === 4) break;
    if (!/[A-Za-z]/.test(char)) {
      last = '0';
      continue;
    }
    const sound = soundOf(char);
    if (sound === '7') continue;
    if (sound !== '0' && sound !== last) code += sound;
    last = sound;
  }
  return code.padEnd(4, '0');
}
