import { type SourceDescription, SparrowError } from '../../base/index.js';
import { FILES_OPTION } from '../../io/delta/places.js';
import { nodePlatform } from '../../io/node-platform.js';
import { expandPaths } from '../../io/paths.js';
import { read, union } from '../../plan/build.js';
import type { Plan } from '../../plan/node.js';
import type { FrameContext } from '../context.js';
import type { StreamSource } from './checkpoint.js';
import { ROWS, rowsSource, type Taking } from './rows-source.js';

const LIMIT = 'maxfilespertrigger';

/** The source that a streaming frame reads. */
export async function streamSource(
  context: FrameContext,
  description: SourceDescription,
  taking: Taking,
): Promise<StreamSource> {
  const { format, options } = description;
  if (options[ROWS]?.startsWith('rows:')) return rowsSource(context, description, taking);
  if (format === 'database') {
    throw new SparrowError('UNSUPPORTED_STREAMING_SOURCE', 'databases cannot be read as streams', {
      hint: 'streams read folders of files and Delta tables',
    });
  }
  const limit = Object.entries(options).find(([name]) => name.toLowerCase() === LIMIT)?.[1];
  const most = limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  if (!(most >= 1)) {
    throw new SparrowError('INVALID_OPTION', `maxFilesPerTrigger is ${limit}`, { hint: 'give a number from 1' });
  }
  const plain = { ...description, options: withoutLimit(options) };
  return format === 'delta' ? deltaSource(plain) : fileSource(context, plain, most);
}

export const withoutLimit = (options: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name.toLowerCase() !== LIMIT));

async function fileSource(
  context: FrameContext,
  { stream: _, ...description }: SourceDescription,
  most: number,
): Promise<StreamSource> {
  const { format, paths } = description;
  if (description.schema === undefined && (format === 'csv' || format === 'json')) {
    throw new SparrowError('STREAMING_SCHEMA_REQUIRED', `a stream of ${format} files needs a schema`, {
      where: `source ${paths.join(', ')}`,
      hint: 'session.readStream.schema({ … })',
    });
  }
  const { fields } = description.schema ?? (await context.engine.analyze(read(description), context.settings));
  const schema = { kind: 'struct' as const, fields };
  return {
    next: async (pieces) => {
      const seen = new Set(pieces.flatMap((piece) => ('files' in piece ? piece.files : [])));
      const found = expandPaths(nodePlatform.files, paths).filter(({ path }) => !seen.has(path));
      found.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
      const files = found.slice(0, most).map(({ path }) => path);
      return files.length === 0 ? undefined : { files };
    },
    rows: async (pieces, mode) => {
      const only = pieces.flatMap((piece) => ('files' in piece ? piece.files : []));
      return read({ ...description, schema, only, stream: mode });
    },
  };
}

/** The rows that versions of a Delta table added. */
async function deltaSource({ stream: _, ...description }: SourceDescription): Promise<StreamSource> {
  const [path = ''] = description.paths;
  const { tableState } = await import('../../io/delta/table-state.js');
  const { addedFiles } = await import('../../io/delta/added-files.js');
  return {
    next: async (pieces) => {
      const last = pieces.at(-1);
      const after = last !== undefined && 'upTo' in last ? last.upTo : -1;
      const version = (await tableState(path))?.version ?? -1;
      return version > after ? { after, upTo: version } : undefined;
    },
    rows: async (pieces, mode) => {
      const plans: Plan[] = [];
      for (const piece of pieces) {
        if (!('upTo' in piece)) continue;
        const { after, upTo } = piece;
        const at = (version: number, more: Readonly<Record<string, string>> = {}): Plan =>
          read({ ...description, options: { ...more, versionAsOf: String(version) }, stream: mode });
        // A query begins with the table as it is.
        if (after < 0) plans.push(at(upTo));
        for (let version = Math.max(after, -1) + 1; after >= 0 && version <= upTo; version++) {
          const files = addedFiles(nodePlatform.files, path, version);
          if (files.length > 0) plans.push(at(version, { [FILES_OPTION]: JSON.stringify(files) }));
          else if (version === upTo && plans.length === 0) plans.push(at(version, { [FILES_OPTION]: '[]' }));
        }
      }
      const last = pieces.at(-1);
      if (plans.length === 0 && last !== undefined && 'upTo' in last) {
        plans.push(
          read({ ...description, options: { versionAsOf: String(last.upTo), [FILES_OPTION]: '[]' }, stream: mode }),
        );
      }
      return plans.length === 1 ? (plans[0] as Plan) : union(plans, false, false);
    },
  };
}
