import { basename, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileInfo, type FileSystem, SparrowError } from '../base/index.js';
import { settleWrites, settleWritesIn } from './write-journal.js';

/** A file of a table, with what the directories between the path given and the file say about it. */
export interface DataFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Hive's `name=value` directories, outermost first; null for its default partition. */
  readonly partitions: readonly (readonly [name: string, value: string | null])[];
}

const MAX_DEPTH = 64;
const GLOB = /[*?[{]/;
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/**
 * The files that paths mean, in a stable order. A path is a file, a directory (all files below it, except those
 * whose names start with `_` or `.`), or a pattern with `*`, `?`, `[…]`, `{…}` and `**` for any number of directories.
 */
export function expandPaths(files: FileSystem, paths: readonly string[]): DataFile[] {
  const found = new Map<string, DataFile>();
  for (const given of paths) {
    const path = given.startsWith('file:') ? localPath(given) : given;
    if (!GLOB.test(path)) settleWrites(files, resolve(path), false);
    const info = files.stat(path);
    if (info === undefined && !GLOB.test(path))
      throw notFound(given, 'there is no such file or directory', 'check the path');
    const roots = info === undefined ? matchPattern(files, path) : [info];
    if (roots.length === 0) throw notFound(given, 'no file matches the pattern', '`**` is needed to cross directories');
    for (const root of roots) for (const file of filesBelow(files, root)) found.set(file.path, file);
  }
  return [...found.values()];
}

/** The path of a `file:` URL. */
export function localPath(url: string): string {
  // Spark accepts file:/path as well as file:///path.
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length);
}

function notFound(path: string, what: string, hint: string): SparrowError {
  return new SparrowError('PATH_NOT_FOUND', `${path}: ${what}`, { where: `path ${path}`, hint });
}

function filesBelow(files: FileSystem, root: FileInfo): DataFile[] {
  const out: DataFile[] = [];
  const visit = (info: FileInfo, partitions: DataFile['partitions'], depth: number): void => {
    if (depth > MAX_DEPTH)
      throw notFound(info.path, `directories are nested more than ${MAX_DEPTH} deep`, 'is there a link loop?');
    if (!info.directory) {
      out.push({ path: info.path, size: info.size, modifiedMs: info.modifiedMs, partitions });
      return;
    }
    for (const child of settled(files, info.path)) {
      const name = basename(child.path);
      if (isHidden(name)) continue;
      const partition = child.directory ? partitionOf(name) : undefined;
      visit(child, partition === undefined ? partitions : [...partitions, partition], depth + 1);
    }
  };
  visit(root, [], 0);
  return out;
}

/** What a directory holds, when writes that were cut off have been finished. */
function settled(files: FileSystem, directory: string): FileInfo[] {
  const found = files.list(directory);
  const names = found.filter((f) => f.directory).map((f) => basename(f.path));
  return settleWritesIn(files, directory, names) ? files.list(directory) : found;
}

/** `_SUCCESS`, `_delta_log`, `.crc`: not data. A partition directory may start with `_`. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || (name.startsWith('_') && !name.includes('='));
}

export function partitionOf(name: string): readonly [string, string | null] | undefined {
  const equals = name.indexOf('=');
  if (equals <= 0) return undefined;
  const value = unescapePath(name.slice(equals + 1));
  return [unescapePath(name.slice(0, equals)), value === NULL_PARTITION ? null : value];
}

/** Hive escapes single characters as %XX; other percent signs stay. */
function unescapePath(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function matchPattern(files: FileSystem, pattern: string): FileInfo[] {
  const segments = pattern.split(/[/\\]/);
  const first = segments.findIndex((segment) => GLOB.test(segment));
  const base = segments.slice(0, first).join(sep) || (pattern.startsWith('/') ? '/' : '.');
  const start = files.stat(base);
  if (start === undefined || !start.directory) return [];
  const found = new Map<string, FileInfo>();
  walkPattern(files, start, segments.slice(first), 0, found);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function walkPattern(
  files: FileSystem,
  at: FileInfo,
  segments: string[],
  depth: number,
  found: Map<string, FileInfo>,
): void {
  const [segment, ...rest] = segments;
  if (segment === undefined) {
    found.set(at.path, at);
    return;
  }
  if (!at.directory || depth > MAX_DEPTH) return;
  if (segment === '') {
    walkPattern(files, at, rest, depth, found);
    return;
  }
  if (!GLOB.test(segment)) {
    const next = files.stat(join(at.path, segment));
    if (next !== undefined) walkPattern(files, next, rest, depth + 1, found);
    return;
  }
  const anyDepth = segment === '**';
  if (anyDepth) walkPattern(files, at, rest, depth, found);
  const matches = segmentPattern(anyDepth ? '*' : segment);
  for (const child of settled(files, at.path)) {
    const name = basename(child.path);
    if (isHidden(name) && !segment.startsWith('.') && !segment.startsWith('_')) continue;
    if (!matches.test(name)) continue;
    if (!anyDepth) walkPattern(files, child, rest, depth + 1, found);
    else if (child.directory) walkPattern(files, child, segments, depth + 1, found);
    else if (rest.length === 0) found.set(child.path, child);
  }
}

/** A regular expression for one segment of a pattern. */
function segmentPattern(segment: string): RegExp {
  let source = '';
  let braces = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment[i] as string;
    const close = c === '[' ? segment.indexOf(']', i + 2) : -1;
    if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else if (close > 0) {
      const body = segment
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/\\/g, '\\\\');
      source += `[${body}]`;
      i = close;
    } else if (c === '{' && segment.includes('}', i)) {
      source += '(?:';
      braces++;
    } else if (c === '}' && braces > 0) {
      source += ')';
      braces--;
    } else if (c === ',' && braces > 0) source += '|';
    else source += c.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 'u');
}
