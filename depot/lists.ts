/** The small text files of archives and recipes. All are words between white space; what is not understood is not there. */
import { type ArchiveName, parseArchiveName, type VersionedName } from './archive-name.ts';
import type { Layout } from './layout.ts';

/** The words of a list: any white space separates them. */
export const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/**
 * What the `archives` file of a package archive in a depot lists: packages, sources and raw data, in order. Other types do nothing, and
 * are left out as Genode leaves them out.
 *
 * @throws Fault E-DEPOT-001, E-DEPOT-002 an entry without version, or one that cannot be a path
 */
export function parseArchives(text: string): VersionedName[] {
  return words(text)
    .filter((word) => /^[^/]+\/(raw|src|pkg)\//.test(word))
    .map((word) => parseArchiveName(word, 'versioned') as VersionedName);
}

/**
 * The API archives that a `used_apis` or `api` file names: `base/2024-02-01` is of the same user, `alan/api/base/2024-02-01` of another.
 *
 * @throws Fault E-DEPOT-001, E-DEPOT-002
 */
export function parseApis(text: string, user: string): VersionedName[] {
  return words(text).map(
    (word) => parseArchiveName(isQualified(word) ? word : `${user}/api/${word}`, 'versioned') as VersionedName,
  );
}

const isQualified = (word: string): boolean => /^[^/]+\/api\//.test(word);

/** One line of `used_apis` or `api`, as the archive of `user` has it. */
export function formatApi(api: VersionedName, user: string, layout: Layout): string {
  const path = layout === 'present' ? `${api.name}/${api.version}` : `${api.name}-${api.version}`;
  return api.user === user ? path : `${api.user}/api/${path}`;
}

/** The `hash` file of a recipe: first word the version, last one the hash. `undefined` where it is empty. */
export function parseHashFile(text: string): { version: string; hash: string } | undefined {
  const all = words(text);
  return all.length === 0 ? undefined : { version: all[0]!, hash: all.at(-1)! };
}

export const formatHashFile = (version: string, hash: string): string => `${version} ${hash}\n`;

/** An entry of a recipe's `archives`: of the user who makes it (`_`), at the version of its recipe; or foreign, taken as it is. */
export type RecipeEntry = { readonly own: Pick<ArchiveName, 'type' | 'name'> } | { readonly foreign: string };

export function parseRecipeArchives(text: string): RecipeEntry[] {
  return words(text).map((word) => {
    const [user, type, name, ...more] = word.split('/');
    if (user !== '_' || more.length > 0 || name === undefined) return { foreign: word };
    const { type: known, name: checked } = parseArchiveName(word, 'current');
    return type === known ? { own: { type: known, name: checked } } : { foreign: word };
  });
}
