/** URLs as flake references use them. Bytes, one character each. */
import { type Bytes, bytesToText } from '../../../base/index.ts';
import { builtinFault } from '../faults.ts';

export interface Url {
  /** `github`, `git+https`, `path`. */
  readonly scheme: string;
  /** `host:port` with what stands before it; absent where no `//` follows the scheme. */
  readonly authority: Bytes | undefined;
  /** Decoded. */
  readonly path: Bytes;
  /** Decoded. */
  readonly query: ReadonlyMap<Bytes, Bytes>;
}

/** undefined: no scheme, so no URL. */
export function parseUrl(text: Bytes): Url | undefined {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  if (parts === null) return undefined;
  const [, scheme, authority, path, query = '', fragment] = parts;
  if (fragment !== undefined && fragment !== '') {
    throw builtinFault('E-EVAL-143', `unexpected fragment '${bytesToText(fragment)}' in flake reference '${bytesToText(text)}'`);
  }
  const pairs = query.split('&').flatMap((pair): [Bytes, Bytes][] => {
    const equals = pair.indexOf('=');
    return equals === -1 ? [] : [[decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]];
  });
  return { scheme: scheme!, authority, path: decode(path!), query: new Map(pairs) };
}

/** Queries in the order of their names. */
export function printUrl({ scheme, authority, path, query }: Url): Bytes {
  const pairs = [...query]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name, KEPT_IN_QUERY)}=${encode(value, KEPT_IN_QUERY)}`);
  return `${scheme}:${authority === undefined ? '' : `//${authority}`}${encode(path, KEPT_IN_PATH)}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

const KEPT_IN_QUERY = /[A-Za-z0-9._~:@/?-]/;
const KEPT_IN_PATH = /[A-Za-z0-9._~:@/-]/;

const encode = (text: Bytes, kept: RegExp): Bytes =>
  text.replaceAll(/[\s\S]/g, (char) =>
    kept.test(char) ? char : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

const decode = (text: Bytes): Bytes =>
  text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
