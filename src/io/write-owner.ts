import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { FileSystem } from '../base/index.js';
import { isAlive, processName } from './process-name.js';

/** Who writes in a staging folder, as its name says. */
interface Owner {
  readonly path: string;
  readonly host: string;
  readonly pid: number;
  readonly born: string | undefined;
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** A process of another machine cannot be asked whether it lives; after a day of silence it is taken for dead. */
const SILENT_MS = 86_400_000;
const NAME = /^\.(.+)\.tmp-([0-9a-f]{8})-(\d+)(?:_(\d+))?-[a-z0-9]+$/;

/** Writes of this thread that have not ended: a container's process may have the number that a dead one had. */
const KEY: unique symbol = Symbol.for('sparrow-df.writes');
const shared = globalThis as { [KEY]?: Set<string> };
shared[KEY] ??= new Set();
const own = shared[KEY];

/** The folder beside a target that a write of this process prepares its files in. */
export function stagingPath(target: string, id: string): string {
  return join(dirname(target), `.${basename(target)}.tmp-${HOST}-${processName()}-${id}`);
}

export function beginStaging(path: string): void {
  own.add(path);
}

export function endStaging(path: string): void {
  own.delete(path);
}

/** The name of the target that a staging folder is for; undefined when it is none. */
export function targetOfStaging(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

/** The staging folders beside a target, of all writers. */
export function stagingsOf(files: FileSystem, target: string): Owner[] {
  const parent = dirname(target);
  const prefix = `.${basename(target)}.tmp-`;
  const owners: Owner[] = [];
  for (const name of files.names(parent)) {
    if (!name.startsWith(prefix)) continue;
    const [, of, host = '', pid, born] = NAME.exec(name) ?? [];
    if (of === basename(target)) owners.push({ path: join(parent, name), host, pid: Number(pid), born });
  }
  return owners;
}

/** Whether the writer of a staging folder is at work. */
export function isAtWork(files: FileSystem, { path, host, pid, born }: Owner): boolean {
  if (host !== HOST) return Date.now() - (files.stat(path)?.modifiedMs ?? 0) < SILENT_MS;
  return pid === process.pid ? own.has(path) : isAlive(pid, born);
}
