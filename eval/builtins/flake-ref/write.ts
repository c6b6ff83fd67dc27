/** Attributes → flake references in URL form. */
import { type Bytes, bytesToText } from '../../../base/index.ts';
import { builtinFault } from '../faults.ts';
import type { RefAttrs } from './read.ts';
import { parseUrl, printUrl, type Url } from './url.ts';

/** @throws Fault E-EVAL-143 an attribute that the type needs is missing */
export function writeFlakeRef(attrs: RefAttrs): Bytes {
  const url = toUrl(attrs);
  const query = new Map(url.query);
  const dir = text(attrs, 'dir');
  if (dir !== undefined && dir !== '') query.set('dir', dir);
  return printUrl({ ...url, query });
}

function toUrl(attrs: RefAttrs): Url {
  const type = needed(attrs, 'type');
  switch (type) {
    case 'github':
    case 'gitlab':
    case 'sourcehut':
      return {
        scheme: type,
        authority: undefined,
        path: [needed(attrs, 'owner'), needed(attrs, 'repo'), ...point(attrs)].join('/'),
        query: kept(attrs, ['host', 'narHash']),
      };
    case 'indirect':
      return { scheme: 'flake', authority: undefined, path: [needed(attrs, 'id'), ...both(attrs)].join('/'), query: new Map() };
    case 'path':
      return {
        scheme: 'path',
        authority: undefined,
        path: needed(attrs, 'path'),
        query: kept(attrs, ['rev', 'revCount', 'lastModified', 'narHash']),
      };
    case 'git':
    case 'hg':
    case 'tarball':
    case 'file': {
      const url = parseUrl(needed(attrs, 'url'));
      if (url === undefined) throw builtinFault('E-EVAL-143', `'${bytesToText(needed(attrs, 'url'))}' is not a URL`);
      const own =
        type === 'git' || type === 'hg'
          ? ['ref', 'rev', 'shallow', 'submodules', 'lfs', 'exportIgnore', 'verifyCommit', 'keytype', 'publicKey', 'publicKeys']
          : ['narHash', 'rev', 'revCount', 'lastModified'];
      const scheme = (type === 'git' && url.scheme !== 'git') || type === 'hg' ? `${type}+${url.scheme}` : url.scheme;
      return { ...url, scheme, query: new Map([...url.query, ...kept(attrs, own)]) };
    }
    default:
      throw builtinFault('E-EVAL-143', `input type '${bytesToText(type)}' of a flake reference is not known`, {
        notes: ['known are: file, git, github, gitlab, hg, indirect, path, sourcehut, tarball'],
      });
  }
}

function point(attrs: RefAttrs): Bytes[] {
  const found = both(attrs);
  if (found.length > 1) throw builtinFault('E-EVAL-143', 'a flake reference has either a ref or a rev');
  return found;
}

const both = (attrs: RefAttrs): Bytes[] => [text(attrs, 'ref'), text(attrs, 'rev')].filter((value) => value !== undefined);

function kept(attrs: RefAttrs, names: readonly string[]): Map<Bytes, Bytes> {
  const query = new Map<Bytes, Bytes>();
  for (const name of names) {
    const value = attrs.get(name);
    if (value !== undefined && value !== false) query.set(name, value === true ? '1' : String(value));
  }
  return query;
}

function text(attrs: RefAttrs, name: string): Bytes | undefined {
  const value = attrs.get(name);
  return value === undefined ? undefined : String(value);
}

function needed(attrs: RefAttrs, name: string): Bytes {
  const value = text(attrs, name);
  if (value === undefined) throw builtinFault('E-EVAL-143', `attribute '${name}' of the flake reference is missing`);
  return value;
}
