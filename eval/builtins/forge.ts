/**
 * Forges whose archives `fetchTree` takes: where a commit's archive is, and which commit a branch or tag names at the moment.
 *
 * @source GitArchiveInputScheme of Nix
 */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { parseHash } from '../../store/index.ts';
import type { Evaluator } from '../evaluator.ts';
import { reading } from '../files.ts';
import { builtinFault, neededInput } from './faults.ts';
import type { RefAttrs } from './flake-ref/read.ts';
import { writeFlakeRef } from './flake-ref/write.ts';

export type ForgeType = 'github' | 'gitlab' | 'sourcehut';

export const isForge = (type: string): type is ForgeType => Object.hasOwn(forges, type);

interface Place {
  readonly host: string;
  readonly owner: Bytes;
  readonly repo: Bytes;
}

interface Forge {
  readonly host: string;
  /** Of a commit. */
  archive(place: Place, rev: string): string;
  /** The commit that a branch or tag names; `undefined` where the answer has none. `ask` gives what stands at an address. */
  commit(place: Place, ref: Bytes, ask: (url: string) => Bytes): string | undefined;
}

const forges: Readonly<Record<ForgeType, Forge>> = {
  github: {
    host: 'github.com',
    // What asks the public one's API is counted.
    archive: (place, rev) =>
      place.host === 'github.com'
        ? `https://github.com/${place.owner}/${place.repo}/archive/${rev}.tar.gz`
        : `${githubRepository(place)}/tarball/${rev}`,
    commit: (place, ref, ask) => {
      const answer = parsed(ask(`${githubRepository(place)}/commits/${encoded(ref)}`));
      return (answer as { readonly sha?: string } | null)?.sha;
    },
  },
  gitlab: {
    host: 'gitlab.com',
    archive: (place, rev) => `${gitlabRepository(place)}/archive.tar.gz?sha=${rev}`,
    commit: (place, ref, ask) => {
      const answer = parsed(ask(`${gitlabRepository(place)}/commits?ref_name=${encoded(ref)}`));
      return (answer as readonly { readonly id?: string }[] | null)?.[0]?.id;
    },
  },
  sourcehut: {
    host: 'git.sr.ht',
    archive: ({ host, owner, repo }, rev) => `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`,
    commit: ({ host, owner, repo }, ref, ask) => {
      const base = `https://${host}/${owner}/${repo}`;
      const head = ref === 'HEAD' ? /^ref: *(\S+)/.exec(ask(`${base}/HEAD`))?.[1] : undefined;
      const names = head === undefined ? [`refs/heads/${ref}`, `refs/tags/${ref}`] : [head];
      const lines = ask(`${base}/info/refs`).split('\n');
      const pairs = lines.map((line) => line.split('\t', 2));
      return pairs.find(([, name]) => name !== undefined && names.includes(name))?.[0];
    },
  },
};

const githubRepository = ({ host, owner, repo }: Place): string =>
  `https://${host === 'github.com' ? 'api.github.com' : `${host}/api/v3`}/repos/${owner}/${repo}`;

const gitlabRepository = ({ host, owner, repo }: Place): string =>
  `https://${host}/api/v4/projects/${owner.replaceAll('/', '%2F')}%2F${repo}/repository`;

/** Checked. */
export interface ForgeInput {
  readonly type: ForgeType;
  readonly place: Place;
  /** 40 digits. */
  readonly rev: string | undefined;
  /** A branch or tag; none is HEAD. */
  readonly ref: Bytes | undefined;
}

/** @throws Fault E-EVAL-110 · E-EVAL-143 · E-STORE-003 */
export function readForgeInput(type: ForgeType, attrs: RefAttrs): ForgeInput {
  const [owner, repo] = ['owner', 'repo'].map((name) => {
    const part = attrs.get(name);
    if (part === undefined) throw neededInput('fetchTree', name);
    return addressPart(String(part));
  });
  const [ref, rev, host] = ['ref', 'rev', 'host'].map((name) => {
    const value = attrs.get(name);
    return value === undefined ? undefined : String(value);
  });
  const refuse = (what: string): Error => builtinFault('E-EVAL-143', `input ${shown(attrs)} contains ${what}`);
  if (ref !== undefined && rev !== undefined) {
    throw refuse(`both a commit hash ('${bytesToText(rev)}') and a branch/tag name ('${bytesToText(ref)}')`);
  }
  const commit = rev === undefined ? undefined : parseHash(rev, 'sha1').hex;
  if (ref !== undefined && !isRefName(ref)) throw refuse('an invalid branch/tag name');
  if (host !== undefined && !/^[a-zA-Z0-9.-]+$/.test(host)) throw refuse('an invalid instance host');
  return { type, place: { host: host ?? forges[type].host, owner: owner!, repo: repo! }, rev: commit, ref };
}

export const archiveAddress = ({ type, place }: ForgeInput, rev: string): string => forges[type].archive(place, rev);

/** The commit that the branch or tag names at the moment: it is asked for as what `fetchurl` without a hash asks for. */
export function currentCommit(ctx: Evaluator, { type, place, ref = 'HEAD' }: ForgeInput, attrs: RefAttrs): string {
  const ask = (url: string): Bytes => {
    const { path } = ctx.io.fetchUrl({ url, name: 'source', isTree: false });
    return reading(path, () => ctx.io.readFile(path));
  };
  const found = forges[type].commit(place, ref, ask);
  if (typeof found === 'string' && /^[0-9a-f]{40}$/.test(found)) return found;
  throw builtinFault('E-EVAL-141', `in '${bytesToText(writeFlakeRef(attrs))}', couldn't find ref '${bytesToText(ref)}'`, {
    notes: [`${place.host} did not say which commit that is`],
    hints: ['is there such a branch or tag? a rev names a commit itself'],
  });
}

/** Of an address: nothing that would lead elsewhere. */
function addressPart(part: Bytes): Bytes {
  if (!/^~?[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(part) || part.split('/').includes('..')) {
    throw builtinFault('E-EVAL-143', `'${bytesToText(part)}' cannot be part of the address of a repository`);
  }
  return part;
}

/** What `git check-ref-format` lets pass, and never an option. */
export const isRefName = (ref: Bytes): boolean =>
  /^[A-Za-z0-9@_][^\x00-\x20\x7f~^:?*[\\]*$/.test(ref) && !/\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref);

/** The words of a branch in an address. */
const encoded = (ref: Bytes): string =>
  ref.replaceAll(/[^A-Za-z0-9._~/-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

function parsed(answer: Bytes): unknown {
  try {
    return JSON.parse(bytesToText(answer));
  } catch {
    return null;
  }
}

/** As JSON, by name: Nix shows inputs so where they may have no URL. */
function shown(attrs: RefAttrs): string {
  const pairs = [...attrs].map(([name, value]) => [bytesToText(name), typeof value === 'string' ? bytesToText(value) : value]);
  return JSON.stringify(Object.fromEntries(pairs.sort(([a], [b]) => (a! < b! ? -1 : 1))));
}
