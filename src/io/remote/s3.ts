import { open } from 'node:fs/promises';
import { type SparrowError as Failure, SparrowError } from '../../base/index.js';
import { packageUrl } from '../optional-package.js';

export const isS3 = (path: string): boolean => /^s3a?:\/\//i.test(path);

/** An object of a bucket. */
export interface S3Object {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

/** What of the AWS SDK is used. */
interface Sdk {
  readonly S3Client: new (
    options: object,
  ) => { send(command: object): Promise<Readonly<Record<string, unknown>>>; destroy(): void };
  readonly ListObjectsV2Command: new (input: object) => object;
  readonly GetObjectCommand: new (input: object) => object;
  readonly PutObjectCommand: new (input: object) => object;
  readonly DeleteObjectsCommand: new (input: object) => object;
  readonly CreateMultipartUploadCommand: new (input: object) => object;
  readonly UploadPartCommand: new (input: object) => object;
  readonly CompleteMultipartUploadCommand: new (input: object) => object;
  readonly AbortMultipartUploadCommand: new (input: object) => object;
}

/** An object whose bytes are in the store, and which nobody sees yet. Plain data. */
export interface S3Upload {
  readonly key: string;
  readonly id: string;
  /** The tags of its parts. */
  readonly parts: readonly string[];
}
interface Presigner {
  getSignedUrl(client: unknown, command: object, options: object): Promise<string>;
}

/** Options by Hadoop's names; without them the SDK's own ways (environment, profiles, roles) hold. */
const OPTIONS = ['access.key', 'secret.key', 'session.token', 'endpoint', 'endpoint.region', 'path.style.access'];
const PREFIX = 'fs.s3a.';
const LINK_SECONDS = 12 * 3600;
const DELETED_AT_ONCE = 1000;
/** An upload has at most 10,000 parts. */
const PART_BYTES = 16 << 20;
const MAX_PARTS = 10_000;

/** Options of a reader or writer, without those for the object store. */
export function splitOptions(given: Readonly<Record<string, string>>): {
  readonly own: Record<string, string>;
  readonly rest: Record<string, string>;
} {
  const own: Record<string, string> = {};
  const rest: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const isOwn = name.toLowerCase().startsWith(PREFIX);
    const short = name.toLowerCase().slice(PREFIX.length);
    if (isOwn && !OPTIONS.includes(short)) {
      throw new SparrowError('UNKNOWN_OPTION', `there is no option ${name}`, {
        candidates: OPTIONS.map((o) => PREFIX + o),
      });
    }
    if (isOwn) own[short] = value;
    else rest[name] = value;
  }
  return { own, rest };
}

/** One bucket, over the AWS SDK. */
export class S3Bucket {
  private constructor(
    private readonly sdk: Sdk,
    private readonly client: InstanceType<Sdk['S3Client']>,
    readonly name: string,
  ) {}

  static async open(name: string, options: Readonly<Record<string, string>>): Promise<S3Bucket> {
    const module = (await import(packageUrl('@aws-sdk/client-s3'))) as Sdk & { readonly default?: Sdk };
    const sdk = module.default ?? module;
    const [key, secret, token] = [options['access.key'], options['secret.key'], options['session.token']];
    const client = new sdk.S3Client({
      ...(options.endpoint && { endpoint: options.endpoint }),
      region: options['endpoint.region'] ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
      forcePathStyle: (options['path.style.access'] ?? String(options.endpoint !== undefined)) === 'true',
      ...(key &&
        secret && {
          credentials: { accessKeyId: key, secretAccessKey: secret, ...(token && { sessionToken: token }) },
        }),
    });
    return new S3Bucket(sdk, client, name);
  }

  /** The objects whose keys begin so. */
  async list(prefix: string): Promise<S3Object[]> {
    const found: S3Object[] = [];
    for (let token: unknown; ; ) {
      const input = { Bucket: this.name, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) };
      const page = await this.#send(new this.sdk.ListObjectsV2Command(input), prefix);
      for (const { Key, Size, ETag } of (page.Contents ?? []) as readonly {
        Key: string;
        Size: number;
        ETag: string;
      }[]) {
        if (!Key.endsWith('/')) found.push({ key: Key, size: Size, etag: ETag });
      }
      token = page.NextContinuationToken;
      if (page.IsTruncated !== true) return found;
    }
  }

  /** An address from which an object can be fetched without a login, for some hours. */
  async link(key: string): Promise<string> {
    const module = (await import(packageUrl('@aws-sdk/s3-request-presigner'))) as Presigner & {
      readonly default?: Presigner;
    };
    const command = new this.sdk.GetObjectCommand({ Bucket: this.name, Key: key });
    return (module.default ?? module).getSignedUrl(this.client, command, { expiresIn: LINK_SECONDS });
  }

  /** Puts an object; `isNew`: only if there is none of this key. */
  async put(key: string, bytes: Uint8Array, isNew = false): Promise<void> {
    const input = { Bucket: this.name, Key: key, Body: bytes, ...(isNew ? { IfNoneMatch: '*' } : {}) };
    await this.#send(new this.sdk.PutObjectCommand(input), key);
  }

  /** The text of an object; undefined without it. */
  async get(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#send(new this.sdk.GetObjectCommand({ Bucket: this.name, Key: key }), key);
      return await (Body as { transformToString(): Promise<string> }).transformToString();
    } catch (error) {
      if ((error as Failure).code === 'PATH_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** Brings the bytes of a file there, to be seen when the upload is completed. */
  async upload(key: string, path: string): Promise<S3Upload> {
    const of = { Bucket: this.name, Key: key };
    const { UploadId } = await this.#send(new this.sdk.CreateMultipartUploadCommand(of), key);
    const parts: string[] = [];
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const most = Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS));
      for (let at = 0; at < size || at === 0; at += most) {
        const Body = Buffer.alloc(Math.min(most, size - at));
        await file.read(Body, 0, Body.length, at);
        const part = { ...of, UploadId, PartNumber: parts.length + 1, Body };
        parts.push(String((await this.#send(new this.sdk.UploadPartCommand(part), key)).ETag));
      }
    } catch (error) {
      await this.abort({ key, id: String(UploadId), parts });
      throw error;
    } finally {
      await file.close();
    }
    return { key, id: String(UploadId), parts };
  }

  /** Shows an object; one that others completed meanwhile is there already. */
  async complete({ key, id, parts }: S3Upload): Promise<void> {
    const Parts = parts.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
    const input = { Bucket: this.name, Key: key, UploadId: id, MultipartUpload: { Parts } };
    try {
      await this.#send(new this.sdk.CompleteMultipartUploadCommand(input), key);
    } catch (error) {
      if (!(await this.list(key)).some((object) => object.key === key)) throw error;
    }
  }

  /** Gives up an upload. What cannot be given up costs room, and is never seen. */
  async abort({ key, id }: S3Upload): Promise<void> {
    const input = { Bucket: this.name, Key: key, UploadId: id };
    await this.#send(new this.sdk.AbortMultipartUploadCommand(input), key).catch(() => undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETED_AT_ONCE) {
      const Objects = keys.slice(at, at + DELETED_AT_ONCE).map((Key) => ({ Key }));
      await this.#send(
        new this.sdk.DeleteObjectsCommand({ Bucket: this.name, Delete: { Objects } }),
        Objects[0]?.Key ?? '',
      );
    }
  }

  close(): void {
    this.client.destroy();
  }

  async #send(command: object, key: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.client.send(command);
    } catch (cause) {
      throw this.#failure(cause as Error & { readonly $metadata?: { readonly httpStatusCode?: number } }, key);
    }
  }

  #failure(cause: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }, key: string): Failure {
    const where = `path s3://${this.name}/${key}`;
    const status = cause.$metadata?.httpStatusCode;
    if (status === 412 || status === 409) {
      return new SparrowError('CONCURRENT_WRITE', 'somebody else wrote there meanwhile', { where, cause });
    }
    const code = status === 404 ? 'PATH_NOT_FOUND' : 'FAILED_READ_FILE';
    return new SparrowError(code, `the object store says: ${cause.name}: ${cause.message}`, { where, cause });
  }
}

/** `s3://bucket/key` in its parts. */
export function s3Parts(path: string): readonly [bucket: string, key: string] {
  const [, bucket = '', key = ''] = /^s3a?:\/\/([^/]+)\/?(.*)$/is.exec(path) ?? [];
  if (bucket !== '') return [bucket, key.replace(/\/+$/, '')];
  throw new SparrowError('INVALID_PATH', `${path} names no bucket`, { hint: 's3://bucket/folder' });
}
