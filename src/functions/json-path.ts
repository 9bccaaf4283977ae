import { formatDouble } from '../base/index.js';
import { type JsonNode, jsonText } from './json-reader.js';

/** One step of a path: a key, any key, a position, any position. */
export type PathStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'any key' }
  | { readonly kind: 'any index' };

const STEP = /\.\*|\['\*'\]|\.([^.[]+)|\['([^']+)'\]|\[(\d+)\]|\[\*\]/y;
const REMEMBERED = 256;
const paths = new Map<string, readonly PathStep[] | null>();

/** `$.a['b'][0][*]` as steps; undefined for what is no path. */
export function jsonPath(text: string): readonly PathStep[] | undefined {
  let steps = paths.get(text);
  if (steps === undefined) {
    steps = parsePath(text) ?? null;
    if (paths.size >= REMEMBERED) paths.clear();
    paths.set(text, steps);
  }
  return steps ?? undefined;
}

function parsePath(text: string): readonly PathStep[] | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: PathStep[] = [];
  let at = 1;
  while (at < text.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    if (match === null) return undefined;
    const [whole, dotted, quoted, index] = match;
    const name = dotted ?? quoted;
    if (name !== undefined) steps.push({ kind: 'key', name });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else steps.push({ kind: whole === '[*]' ? 'any index' : 'any key' });
    at += whole.length;
  }
  return steps;
}

/** How a value that the path ends at is written: a string bare, everything as JSON, or arrays without their brackets. */
type Style = 'raw' | 'quoted' | 'flatten';

/** Numbers with a fraction or exponent are written as the double they are. */
export const numberText = (text: string): string => (/^-?\d+$/.test(text) ? text : formatDouble(Number(text)));
const written = (node: JsonNode): string => jsonText(node, numberText);

/**
 * What a path finds, as Spark writes it: undefined for nothing. Of several keys alike the first that leads anywhere
 * counts; several matches of `[*]` make an array, a single one stands alone.
 */
export function getByPath(root: JsonNode, path: readonly PathStep[]): string | undefined {
  const found: string[] = [];
  return walk(root, path, 0, 'raw', found) ? found.join(',') : undefined;
}

function walk(node: JsonNode, path: readonly PathStep[], at: number, style: Style, out: string[]): boolean {
  const step = path[at];
  if (step === undefined) return emit(node, style, out);
  if (node.kind === 'object') {
    if (step.kind !== 'key') return false;
    return node.entries.some(
      ([key, value]) => key === step.name && value.kind !== 'null' && walk(value, path, at + 1, style, out),
    );
  }
  if (node.kind !== 'array') return false;
  if (step.kind === 'index') {
    const item = node.items[step.index];
    if (item === undefined) return false;
    // Several results below stand in an array of their own.
    return walk(item, path, at + 1, path[at + 1]?.kind === 'any index' ? 'quoted' : style, out);
  }
  return step.kind === 'any index' && walkAll(node.items, path, at, style, out);
}

function walkAll(
  items: readonly JsonNode[],
  path: readonly PathStep[],
  at: number,
  style: Style,
  out: string[],
): boolean {
  const inner: string[] = [];
  if (path[at + 1]?.kind === 'any index') {
    let found = false;
    for (const item of items) found = walk(item, path, at + 2, 'flatten', inner) || found;
    out.push(`[${inner.join(',')}]`);
    return found;
  }
  let count = 0;
  const nested: Style = style === 'flatten' ? 'flatten' : 'quoted';
  for (const item of items) if (walk(item, path, at + 1, nested, inner)) count++;
  if (style === 'quoted') {
    out.push(`[${inner.join(',')}]`);
    return count > 0;
  }
  if (count > 0) out.push(count > 1 ? `[${inner.join(',')}]` : inner.join(','));
  return count > 0;
}

function emit(node: JsonNode, style: Style, out: string[]): boolean {
  if (node.kind === 'string' && style === 'raw') {
    out.push(node.text);
    return true;
  }
  if (node.kind === 'array' && style === 'flatten') {
    let found = false;
    for (const item of node.items) found = emit(item, style, out) || found;
    return found;
  }
  out.push(written(node));
  return true;
}
