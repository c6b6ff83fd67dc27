/** Flake references in URL form → attributes. Texts only: nothing is looked up or fetched. */
import { type Bytes, bytesToText } from '../../../base/index.ts';
import { builtinFault } from '../faults.ts';
import { parseUrl, printUrl, type Url } from './url.ts';

export type RefValue = Bytes | number | boolean;
export type RefAttrs = Map<string, RefValue>;

const REF = /^[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*$/;
const REV = /^[0-9a-fA-F]{40}$/;
const FORGES: ReadonlySet<string> = new Set(['github', 'gitlab', 'sourcehut']);
const GIT = /^(?:git|git\+(?:http|https|ssh|git|file))$/;
const SWITCHES: ReadonlySet<string> = new Set(['shallow', 'submodules', 'allRefs', 'exportIgnore', 'lfs', 'verifyCommit']);
const NUMBERS: ReadonlySet<string> = new Set(['revCount', 'lastModified']);

/** @throws Fault E-EVAL-143 */
export function readFlakeRef(text: Bytes): RefAttrs {
  const url = parseUrl(text);
  if (url === undefined) return readPlain(text);
  const query = new Map(url.query);
  const dir = query.get('dir');
  query.delete('dir');
  const attrs = readUrl({ ...url, query }, text);
  if (dir !== undefined && dir !== '') attrs.set('dir', dir);
  return attrs;
}

function readUrl(url: Url, text: Bytes): RefAttrs {
  const { scheme } = url;
  if (FORGES.has(scheme)) return readForge(url, text);
  if (GIT.test(scheme)) return readGit(url);
  if (scheme === 'path') return readPath(url, text);
  if (scheme === 'flake') return readIndirect(url.path, text);
  if (/^hg\+(?:http|https|ssh|file)$/.test(scheme))
    return withQuery(
      [
        ['type', 'hg'],
        ['url', transportUrl(url, [])],
      ],
      url.query,
      ['rev', 'ref'],
    );
  if (/^(?:(?:tarball|file)\+)?(?:https?|file)$/.test(scheme)) return readCurl(url);
  throw invalid(text, `the scheme '${scheme}' is not known`);
}

function readForge({ scheme, path, query }: Url, text: Bytes): RefAttrs {
  const [owner, repo, ...rest] = path.split('/');
  if (owner === undefined || owner === '' || repo === undefined || repo === '')
    throw invalid(text, 'an owner and a repository are needed');
  const attrs = withQuery(
    [
      ['type', scheme],
      ['owner', owner],
      ['repo', repo],
    ],
    query,
    ['ref', 'rev', 'host', 'narHash'],
  );
  if (rest.length === 0) return attrs;
  const point = rest.join('/');
  const kind = rest.length === 1 && REV.test(point) ? 'rev' : 'ref';
  if (kind === 'ref' && !REF.test(point))
    throw invalid(text, `'${bytesToText(point)}' is not a commit hash or a branch or tag name`);
  if (attrs.has('ref') || attrs.has('rev')) throw invalid(text, 'it has more than one ref or rev');
  attrs.set(kind, point);
  return attrs;
}

function readGit(url: Url): RefAttrs {
  const own = ['rev', 'ref', ...SWITCHES, 'keytype', 'publicKey', 'publicKeys', 'narHash', 'revCount', 'lastModified'];
  const query = new Map([...url.query].filter(([name]) => own.includes(name)));
  return withQuery(
    [
      ['type', 'git'],
      ['url', transportUrl(url, own)],
    ],
    query,
    own,
  );
}

function readPath({ path, query }: Url, text: Bytes): RefAttrs {
  const known = ['rev', 'narHash', 'revCount', 'lastModified'];
  for (const name of query.keys())
    if (!known.includes(name)) throw invalid(text, `it has the unsupported parameter '${bytesToText(name)}'`);
  return withQuery(
    [
      ['type', 'path'],
      ['path', path],
    ],
    query,
    known,
  );
}

function readCurl(url: Url): RefAttrs {
  const [application] = url.scheme.includes('+') ? url.scheme.split('+') : ['tarball'];
  const own = ['narHash', 'rev', 'revCount', 'lastModified'];
  return withQuery(
    [
      ['type', application!],
      ['url', transportUrl(url, ['narHash'])],
    ],
    url.query,
    own,
  );
}

/** `nixpkgs`, `nixpkgs/branch`, `nixpkgs/branch/rev`, and paths. */
function readPlain(text: Bytes): RefAttrs {
  if (/^[a-zA-Z][a-zA-Z0-9_-]*(?:\/|$)/.test(text) && !text.startsWith('.')) return readIndirect(text, text);
  const [path, query = ''] = text.split('?', 2);
  if (!path!.startsWith('/')) throw builtinFault('E-EVAL-143', `flake reference '${bytesToText(text)}' is not an absolute path`);
  return readFlakeRef(`path:${path}${query === '' ? '' : `?${query}`}`);
}

function readIndirect(path: Bytes, text: Bytes): RefAttrs {
  const [id, ...rest] = path.split('/');
  if (!/^[a-zA-Z][a-zA-Z0-9_-]*$/.test(id!)) throw invalid(text, `'${bytesToText(id!)}' is not the name of a flake`);
  const rev = REV.test(rest.at(-1) ?? '') ? rest.pop() : undefined;
  const ref = rest.length > 0 ? rest.join('/') : undefined;
  if (ref !== undefined && !REF.test(ref))
    throw invalid(text, `'${bytesToText(ref)}' is not a commit hash or a branch or tag name`);
  return new Map<string, RefValue>([
    ['type', 'indirect'],
    ['id', id!],
    ...(ref === undefined ? [] : [['ref', ref] as const]),
    ...(rev === undefined ? [] : [['rev', rev] as const]),
  ]);
}

function withQuery(
  start: readonly (readonly [string, RefValue])[],
  query: ReadonlyMap<Bytes, Bytes>,
  own: readonly string[],
): RefAttrs {
  const attrs: RefAttrs = new Map(start);
  for (const name of own) {
    const value = query.get(name);
    if (value === undefined) continue;
    attrs.set(name, SWITCHES.has(name) ? value === '1' : NUMBERS.has(name) ? Number(value) : value);
  }
  return attrs;
}

/** Without the application in the scheme, and without the parameters that became attributes. */
const transportUrl = ({ scheme, authority, path, query }: Url, own: readonly string[]): Bytes =>
  printUrl({
    scheme: scheme.slice(scheme.indexOf('+') + 1),
    authority,
    path,
    query: new Map([...query].filter(([name]) => !own.includes(name))),
  });

const invalid = (text: Bytes, reason: string): Error =>
  builtinFault('E-EVAL-143', `flake reference '${bytesToText(text)}' is not valid: ${reason}`);
