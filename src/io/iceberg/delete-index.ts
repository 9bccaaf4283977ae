import type { Scalar } from '../../base/index.js';
import { type ContentFile, specFields } from './manifests.js';
import type { TableMetadata } from './metadata.js';

/** What deletes rows of a data file. */
export interface FoundDeletes {
  readonly positions: readonly ContentFile[];
  readonly vector?: ContentFile;
  readonly equality: readonly ContentFile[];
}

/** The field that holds paths in files of positions. */
const PATH_FIELD = 2147483546;

/** Finds the deletes of a data file (Iceberg's specification, "Scan Planning"). */
export class DeleteIndex {
  readonly #vectors = new Map<string, ContentFile[]>();
  readonly #positions = new Map<string, ContentFile[]>();
  readonly #equality = new Map<string, ContentFile[]>();
  readonly #everywhere: ContentFile[] = [];

  constructor(deletes: readonly ContentFile[], metadata: TableMetadata) {
    const add = (to: Map<string, ContentFile[]>, key: string, file: ContentFile): void => {
      to.set(key, [...(to.get(key) ?? []), file]);
    };
    for (const file of deletes) {
      if (file.vector !== undefined) add(this.#vectors, file.referenced ?? '', file);
      else if (file.content === 1) add(this.#positions, partitionKey(file), file);
      else if ((specFields(metadata, file.specId) ?? []).every((f) => f.transform === 'void'))
        this.#everywhere.push(file);
      else add(this.#equality, partitionKey(file), file);
    }
  }

  of(file: ContentFile): FoundDeletes {
    const key = partitionKey(file);
    const { path, sequence } = file;
    const vector = this.#vectors.get(path)?.find((v) => v.sequence >= sequence);
    const equality = [...this.#everywhere, ...(this.#equality.get(key) ?? [])];
    return {
      positions: (this.#positions.get(key) ?? []).filter((d) => d.sequence >= sequence && mayName(d, path)),
      ...(vector === undefined ? {} : { vector }),
      // Rows of the same write stay.
      equality: equality.filter((d) => d.sequence > sequence),
    };
  }
}

/** Whether a file of positions can hold those of a data file, by the bounds of its paths. */
function mayName({ referenced, lower, upper }: ContentFile, path: string): boolean {
  if (referenced !== undefined) return referenced === path;
  const bytes = Buffer.from(path, 'utf8');
  const [low, high] = [lower.get(PATH_FIELD), upper.get(PATH_FIELD)];
  return (
    (low === undefined || Buffer.compare(low, bytes) <= 0) && (high === undefined || Buffer.compare(high, bytes) >= 0)
  );
}

function partitionKey({ specId, partition }: ContentFile): string {
  const text = (value: Scalar): string =>
    value instanceof Uint8Array ? `x${Buffer.from(value).toString('hex')}` : `${typeof value} ${String(value)}`;
  return JSON.stringify([specId, ...partition.map(text)]);
}
