import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fetchRange, type RemoteInfo, remoteInfo } from './fetch-range.js';
import { mirrorName, mirrorPid } from './mirror.js';

/** Gaps smaller than this are fetched too: a request costs more. */
const GAP_BYTES = 64 << 10;
/** Pieces fetched side by side. */
const PIECE_BYTES = 8 << 20;
const AT_ONCE = 4;

export type Range = readonly [start: number, end: number];

/**
 * A file of the web as a file of this machine of the same size, which has the bytes that were asked for; the rest is a
 * hole. It lives as long as the process and is used again while the server says that it is the same.
 */
export class RemoteFile {
  #have: Range[] = [];
  #work: Promise<void> = Promise.resolve();

  private constructor(
    /** Where the bytes are fetched; an address may hold for some time only. */
    public url: string,
    readonly path: string,
    readonly info: RemoteInfo,
  ) {}

  /** `known`: the file's name and version, where the address itself tells neither. */
  static async open(url: string, of?: { readonly key: string; readonly info: RemoteInfo }): Promise<RemoteFile> {
    const info = of?.info ?? (await remoteInfo(url));
    const key = of?.key ?? url;
    const known = files.get(key);
    if (known !== undefined && sameVersion(known.info, info)) {
      known.url = url;
      return known;
    }
    const folder = join(localFolder(), String(++count));
    mkdirSync(folder);
    const file = new RemoteFile(url, join(folder, nameOf(url)), info);
    const descriptor = openSync(file.path, 'w');
    ftruncateSync(descriptor, info.size);
    closeSync(descriptor);
    // What others still read of the former version stays until the process ends.
    files.set(key, file);
    return file;
  }

  get size(): number {
    return this.info.size;
  }

  /** Sees to it that these bytes are there. */
  async ensure(ranges: readonly Range[]): Promise<void> {
    // One after the other, so that nothing is fetched twice.
    this.#work = this.#work.catch(() => undefined).then(() => this.#fetchMissing(ranges));
    await this.#work;
  }

  read(start: number, end: number): Buffer {
    const bytes = Buffer.alloc(end - start);
    const descriptor = openSync(this.path, 'r');
    readSync(descriptor, bytes, 0, bytes.length, start);
    closeSync(descriptor);
    return bytes;
  }

  async #fetchMissing(ranges: readonly Range[]): Promise<void> {
    const wanted = merged(
      ranges.map(([start, end]): Range => [Math.max(0, start), Math.min(end, this.size)]),
      GAP_BYTES,
    );
    const pieces = wanted
      .flatMap((range) => without(range, this.#have))
      .flatMap(([start, end]) => {
        const parts: Range[] = [];
        for (let at = start; at < end; at += PIECE_BYTES) parts.push([at, Math.min(end, at + PIECE_BYTES)]);
        return parts;
      });
    const next = pieces.values();
    // When one fails the others start no further piece, and are over before anybody is told.
    let failed = false;
    const outcomes = await Promise.allSettled(
      Array.from({ length: Math.min(AT_ONCE, pieces.length) }, async () => {
        try {
          for (const piece of next) if (!failed) await this.#fetch(piece);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #fetch([start, end]: Range): Promise<void> {
    if (without([start, end], this.#have).length === 0) return;
    const descriptor = openSync(this.path, 'r+');
    try {
      for await (const { start: at, bytes } of fetchRange(this.url, this.info, start, end)) {
        writeSync(descriptor, bytes, 0, bytes.length, at);
        this.#have = merged([...this.#have, [at, at + bytes.length]], 0);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

const files = new Map<string, RemoteFile>();
let count = 0;
let folder: string | undefined;

/** The folder of this process; those of processes that are dead are removed. */
export function localFolder(): string {
  if (folder !== undefined) return folder;
  const parent = tmpdir();
  for (const name of readdirSync(parent)) {
    const pid = mirrorPid(name);
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const own = join(parent, mirrorName(process.pid));
  mkdirSync(own, { recursive: true, mode: 0o700 });
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  folder = own;
  return own;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const sameVersion = (a: RemoteInfo, b: RemoteInfo): boolean =>
  a.size === b.size &&
  (a.etag !== undefined || a.lastModified !== undefined) &&
  a.etag === b.etag &&
  a.lastModified === b.lastModified;

/** The last part of the address: its extension says how the file is packed. */
function nameOf(url: string): string {
  const name = basename(decodeURIComponent(new URL(url).pathname)).replace(/[^A-Za-z0-9._-]/g, '_');
  return name === '' || /^\.*$/.test(name) ? 'file' : name.slice(-100);
}

/** Ranges in order, those that touch (or nearly) as one. */
function merged(ranges: readonly Range[], gap: number): Range[] {
  const out: [number, number][] = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (start >= end) continue;
    const last = out.at(-1);
    if (last !== undefined && start <= last[1] + gap) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}

/** What of a range is not in others, which are in order. */
function without([start, end]: Range, others: readonly Range[]): Range[] {
  const out: Range[] = [];
  let at = start;
  for (const [from, to] of others) {
    if (to <= at || from >= end) continue;
    if (from > at) out.push([at, from]);
    at = to;
  }
  if (at < end) out.push([at, end]);
  return out;
}
