import { setTimeout as sleep } from 'node:timers/promises';
import { SparrowError } from '../../base/index.js';

/** What a server says of a resource. */
export interface RemoteInfo {
  readonly size: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** Bytes of a resource from `start` on, as they came. */
export interface Arrived {
  readonly start: number;
  readonly bytes: Buffer;
}

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 10_000;
/** A server that sends nothing for so long has gone. */
const SILENCE_MS = 30_000;
const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Size and version of a resource; servers that answer no HEAD are asked for one byte. */
export async function remoteInfo(url: string): Promise<RemoteInfo> {
  return retried(url, async (signal) => {
    const head = await fetch(url, { method: 'HEAD', signal });
    if (AGAIN.has(head.status)) throw await busy(head);
    const length = head.headers.get('content-length');
    if (head.ok && length !== null) return infoOf(head, Number(length));
    const probe = await fetch(url, { headers: { range: 'bytes=0-0', 'accept-encoding': 'identity' }, signal });
    await probe.body?.cancel();
    if (AGAIN.has(probe.status)) throw await busy(probe);
    const total = /\/(\d+)$/.exec(probe.headers.get('content-range') ?? '')?.[1] ?? probe.headers.get('content-length');
    if (!probe.ok || total === null || total === undefined) throw refused(url, probe);
    return infoOf(probe, Number(total));
  });
}

const infoOf = ({ headers }: Response, size: number): RemoteInfo => ({
  size,
  etag: headers.get('etag') ?? undefined,
  lastModified: headers.get('last-modified') ?? undefined,
});

/**
 * Fetches `start..end` of a resource, in pieces as they come. A connection that breaks is taken up where it ended; a
 * resource that changed since `info` throws `FILE_CHANGED`. Servers that know no ranges send everything.
 */
export async function* fetchRange(
  url: string,
  info: RemoteInfo,
  start: number,
  end: number,
): AsyncGenerator<Arrived, void, undefined> {
  let at = start;
  let failures = 0;
  while (at < end) {
    const watch = new AbortController();
    let timer = setTimeout(() => watch.abort(), SILENCE_MS);
    try {
      const response = await fetch(url, {
        headers: { range: `bytes=${at}-${end - 1}`, 'accept-encoding': 'identity', ...condition(info) },
        signal: watch.signal,
      });
      if (AGAIN.has(response.status)) throw await busy(response);
      checkVersion(url, response, info);
      if (response.status === 200) at = 0;
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => watch.abort(), SILENCE_MS);
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        yield { start: at, bytes };
        at += bytes.length;
        failures = 0;
      }
      if (response.status === 200 || at >= end) return;
      throw new Error('the connection ended too early');
    } catch (error) {
      if (error instanceof SparrowError) throw error;
      if (++failures >= ATTEMPTS) throw gaveUp(url, error);
      await sleep(pauseMs(failures, error));
    } finally {
      clearTimeout(timer);
      watch.abort();
    }
  }
}

/** Asks for the version that is known; weak tags are compared afterwards, as servers refuse them here. */
const condition = ({ etag }: RemoteInfo): Record<string, string> =>
  etag === undefined || etag.startsWith('W/') ? {} : { 'if-match': etag };

function checkVersion(url: string, response: Response, info: RemoteInfo): void {
  const { status, headers } = response;
  const etag = headers.get('etag') ?? undefined;
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  const isOther =
    status === 412 ||
    status === 416 ||
    (etag !== undefined && info.etag !== undefined && etag !== info.etag) ||
    (total !== undefined && Number(total) !== info.size);
  if (isOther) {
    throw new SparrowError('FILE_CHANGED', 'the file was changed after the query was planned', {
      where: `file ${url}`,
      hint: 'run the query again',
    });
  }
  if (status !== 200 && status !== 206) throw refused(url, response);
}

class Busy extends Error {
  constructor(
    status: number,
    readonly afterMs: number | undefined,
  ) {
    super(`the server answers ${status}`);
  }
}

async function busy(response: Response): Promise<Busy> {
  await response.body?.cancel();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Busy(response.status, Number.isFinite(seconds) ? seconds * 1000 : undefined);
}

async function retried<T>(url: string, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await action(AbortSignal.timeout(SILENCE_MS));
    } catch (error) {
      if (error instanceof SparrowError) throw error;
      if (++failures >= ATTEMPTS) throw gaveUp(url, error);
      await sleep(pauseMs(failures, error));
    }
  }
}

/** Twice as long each time, and not all at once. */
function pauseMs(failures: number, error: unknown): number {
  const asked = error instanceof Busy ? error.afterMs : undefined;
  return Math.min(asked ?? FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + Math.random()), MOST_PAUSE_MS);
}

function refused(url: string, { status, statusText }: Response): SparrowError {
  const isGone = status === 404 || status === 410;
  return new SparrowError(
    isGone ? 'PATH_NOT_FOUND' : 'FAILED_READ_FILE',
    `the server answers ${status} ${statusText}`,
    {
      where: `file ${url}`,
      hint: status === 401 || status === 403 ? 'only addresses that need no login can be read' : 'check the address',
    },
  );
}

function gaveUp(url: string, cause: unknown): SparrowError {
  const { message, cause: inner } = cause as Error;
  const why = inner instanceof Error ? `${message}: ${inner.message}` : message;
  return new SparrowError('FAILED_READ_FILE', `the file cannot be fetched (${ATTEMPTS} attempts): ${why}`, {
    where: `file ${url}`,
    cause,
  });
}
