import { type Scalar, SparrowError, stringType } from '../base/index.js';
import { scalar } from './define.js';
import { anyString, justString, takes } from './implicit.js';

const rare = 'a call per row: rare';

/** application/x-www-form-urlencoded, as java.net.URLEncoder writes it. */
function encodeForm(text: string): string {
  const escaped = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, escaped)
    .replace(/%20/g, '+');
}

function decodeForm(text: string): string {
  const bytes: number[] = [];
  const encoded = Buffer.from(text, 'utf8');
  for (let i = 0; i < encoded.length; i++) {
    const byte = encoded[i] as number;
    if (byte === 0x2b) bytes.push(0x20);
    else if (byte !== 0x25) bytes.push(byte);
    else {
      const digits = encoded.subarray(i + 1, i + 3).toString('latin1');
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
        throw new SparrowError('CANNOT_DECODE_URL', `the URL cannot be decoded: ${text}`, {
          sqlState: '22546',
          parameters: { url: text },
        });
      }
      bytes.push(Number.parseInt(digits, 16));
      i += 2;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The parts of a URI (RFC 2396, as java.net.URI takes it apart). */
interface Parts {
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly userInfo: string | null;
  readonly host: string | null;
  readonly path: string | null;
  readonly query: string | null;
  readonly fragment: string | null;
}

const PARTS = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const LEGAL = /^(?:[\w\-.!~*'();/?:@&=+$,[\]#]|%[0-9a-fA-F]{2}|[^\0-\x7f\s\p{Zs}])*$/u;

function partsOf(url: string): Parts | undefined {
  const match = PARTS.exec(url);
  if (match === null || !LEGAL.test(url)) return undefined;
  const [, scheme, authority, path = '', query, fragment] = match;
  const opaque = scheme !== undefined && authority === undefined && !path.startsWith('/');
  if (scheme !== undefined && path === '' && authority === undefined) return undefined;
  const server = /^(?:([^@]*)@)?(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9][a-zA-Z0-9.-]*)(?::(\d*))?$/.exec(authority ?? '');
  return {
    scheme: scheme ?? null,
    authority: authority === undefined || authority === '' ? null : authority,
    userInfo: server?.[1] ?? null,
    host: server?.[2] ?? null,
    path: opaque ? null : path,
    query: opaque ? null : (query ?? null),
    fragment: fragment ?? null,
  };
}

function partOf(
  { path, query, host, fragment, scheme, authority, userInfo }: Parts,
  part: string,
  key: Scalar | undefined,
): Scalar {
  switch (part) {
    case 'HOST':
      return host;
    case 'PATH':
      return path;
    case 'QUERY': {
      if (key === undefined) return query;
      if (query === null) return null;
      const pattern = new RegExp(`(?:&|^)${key as string}=([^&]*)`);
      return pattern.exec(query)?.[1] ?? null;
    }
    case 'REF':
      return fragment;
    case 'PROTOCOL':
      return scheme;
    case 'FILE':
      return path === null ? null : query === null ? path : `${path}?${query}`;
    case 'AUTHORITY':
      return authority;
    case 'USERINFO':
      return userInfo;
    default:
      return null;
  }
}

const parser = (
  name: string,
  sql: string,
  tolerant: boolean,
  summary: string,
  example: readonly [string, string | null],
) =>
  scalar({
    name,
    sql: [sql],
    summary,
    examples: [example],
    resolve: takes([justString, justString, justString], stringType, { optional: 1, nullable: true }),
    nulls: 'propagate',
    fails: !tolerant,
    eval: ([url, part, key], call) => {
      if (key !== undefined && part !== 'QUERY') return null;
      const parts = partsOf(url as string);
      if (parts !== undefined) return partOf(parts, part as string, key);
      if (tolerant || !call.settings.ansi) return null;
      throw new SparrowError('INVALID_URL', `the URL is invalid: ${url}`, {
        sqlState: '22P02',
        parameters: { url: url as string },
        hint: 'use `try_parse_url` to get NULL instead',
      });
    },
    compiled: rare,
  });

/** URLs. */
export const urlFunctions = {
  urlEncode: scalar({
    name: 'urlEncode',
    sql: ['url_encode'],
    summary: 'The string as a form field of a URL.',
    examples: [["url_encode('https://spark.apache.org')", 'https%3A%2F%2Fspark.apache.org']],
    resolve: takes([anyString], stringType),
    nulls: 'propagate',
    eval: ([text]) => encodeForm(text as string),
    compiled: rare,
  }),
  urlDecode: scalar({
    name: 'urlDecode',
    sql: ['url_decode'],
    summary: 'A form field of a URL as the string it stands for; what is malformed is an error.',
    examples: [["url_decode('https%3A%2F%2Fspark.apache.org')", 'https://spark.apache.org']],
    resolve: takes([anyString], stringType),
    nulls: 'propagate',
    fails: true,
    eval: ([text]) => decodeForm(text as string),
    compiled: rare,
  }),
  tryUrlDecode: scalar({
    name: 'tryUrlDecode',
    sql: ['try_url_decode'],
    summary: 'A form field of a URL as the string it stands for; null when it is malformed.',
    examples: [["try_url_decode('https%3A%2F%2Fspark.apache.org')", 'https://spark.apache.org']],
    resolve: takes([anyString], stringType, { nullable: true }),
    nulls: 'propagate',
    eval: ([text]) => {
      try {
        return decodeForm(text as string);
      } catch (error) {
        if (error instanceof SparrowError) return null;
        throw error;
      }
    },
    compiled: rare,
  }),
  parseUrl: parser(
    'parseUrl',
    'parse_url',
    false,
    'A part of a URL (HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO), or a key of its query.',
    ["parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query')", '1'],
  ),
  tryParseUrl: parser('tryParseUrl', 'try_parse_url', true, 'A part of a URL; null when the URL is malformed.', [
    "try_parse_url('http://spark.apache.org/path?query=1', 'HOST')",
    'spark.apache.org',
  ]),
};
