import { resolve } from 'node:path';
import { type Platform, SparrowError, type TableSource } from '../base/index.js';

/** A platform whose folders hold no other files than these. */
export function withOnly(platform: Platform, only: readonly string[]): Platform {
  const wanted = new Set(only.map((path) => resolve(path)));
  const { files } = platform;
  const list: typeof files.list = (folder) =>
    files.list(folder).filter(({ directory, path }) => directory || wanted.has(resolve(path)));
  return { ...platform, files: { ...files, list } };
}

/** A source as a stream, which cannot be read by itself, or as the part of one that a micro-batch reads. */
export function ofStream(source: TableSource, stream: 'source' | 'append' | 'complete' | 'state'): TableSource {
  const { label, format, schema, statistics } = source;
  const same = { label, format, schema, statistics };
  if (stream !== 'source') return { ...same, isPart: stream !== 'complete', plan: (request) => source.plan(request) };
  const plan = async (): Promise<never> => {
    throw new SparrowError('UNSUPPORTED_STREAMING_OPERATOR', `${source.label} is a stream: no action can read it`, {
      hint: 'run it with frame.writeStream, or read the files with session.read',
    });
  };
  return { ...same, plan };
}
