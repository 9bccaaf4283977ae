import { type SourceDescription, SparrowError } from '../../base/index.js';
import { damagedTable } from './error.js';

const OWN = ['uri', 'warehouse', 'token', 'prefix'];

/** What a catalog says of a table; its metadata is read from the place named. */
interface LoadedTable {
  readonly 'metadata-location'?: string;
  readonly metadata?: { readonly location?: string };
}

/**
 * The same table by its place, where it was named in a catalog (`namespace.table`): asks the catalog's REST interface
 * (Iceberg's REST catalog specification: `/v1/config`, then the table).
 */
export async function fromCatalog(description: SourceDescription): Promise<SourceDescription> {
  const given = (name: string): string | undefined =>
    Object.entries(description.options).find(([key]) => key.toLowerCase() === name)?.[1];
  const uri = given('uri');
  if (uri === undefined) return description;
  const parts = (description.paths[0] ?? '').split('.');
  const table = parts.pop() ?? '';
  const where = `Iceberg catalog ${uri}`;
  if (description.paths.length !== 1 || parts.length === 0 || parts.includes('') || table === '') {
    throw new SparrowError('TABLE_OR_VIEW_NOT_FOUND', 'a table of an Iceberg catalog is named namespace.table', {
      where,
    });
  }
  const base = `${uri.replace(/\/+$/, '')}/v1`;
  const ask = async (path: string): Promise<unknown> => {
    const token = given('token');
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    let response: Response;
    try {
      response = await fetch(`${base}/${path}`, { headers });
    } catch (cause) {
      throw new SparrowError('FAILED_READ_FILE', `the catalog does not answer: ${(cause as Error).message}`, {
        where,
        cause,
      });
    }
    if (response.ok) return response.json();
    const text = (await response.text()).slice(0, 200);
    const name = description.paths[0];
    if (response.status === 404)
      throw new SparrowError('TABLE_OR_VIEW_NOT_FOUND', `there is no table ${name}`, { where });
    throw new SparrowError('FAILED_READ_FILE', `the catalog answers ${response.status}: ${text}`, {
      where,
      hint: response.status === 401 || response.status === 403 ? 'give the option token' : 'check the option uri',
    });
  };
  const warehouse = given('warehouse');
  const config = (await ask(
    `config${warehouse === undefined ? '' : `?warehouse=${encodeURIComponent(warehouse)}`}`,
  )) as {
    readonly defaults?: Readonly<Record<string, string>>;
    readonly overrides?: Readonly<Record<string, string>>;
  };
  const prefix = config.overrides?.prefix ?? given('prefix') ?? config.defaults?.prefix;
  const namespace = encodeURIComponent(parts.join('\x1f'));
  const path = `namespaces/${namespace}/tables/${encodeURIComponent(table)}`;
  const loaded = (await ask(prefix === undefined ? path : `${prefix}/${path}`)) as LoadedTable;
  const { 'metadata-location': file, metadata } = loaded;
  if (file === undefined) throw damagedTable('the catalog names no metadata file', where);
  const options = Object.fromEntries(
    Object.entries(description.options).filter(([key]) => !OWN.includes(key.toLowerCase())),
  );
  // A table elsewhere comes as a whole, so that its files are found below its folder.
  const location = metadata?.location?.replace(/\/+$/, '');
  const isBelow = location !== undefined && file.startsWith(`${location}/metadata/`);
  if (/^s3[an]?:/i.test(file) && isBelow) {
    return {
      ...description,
      paths: [location],
      options: { ...options, 'metadata-file': file.slice(location.length + 10) },
    };
  }
  return { ...description, paths: [file], options };
}
