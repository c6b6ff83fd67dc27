/** What `.gitattributes` files of a commit mark `export-ignore`, as `git archive` leaves it out. */
import { join } from 'node:path';
import { type Bytes, removedAfterEnd, temporaryFolder } from '../../base/index.ts';
import { type Environment, Git } from './run-git.ts';

/** @param paths all files of the commit. Cost: nothing where no `.gitattributes` is among them, else an index of the commit */
export function exportIgnored(
  repository: string,
  rev: string,
  paths: readonly Bytes[],
  environment: Environment,
): ReadonlySet<Bytes> {
  if (!paths.some((path) => path === '.gitattributes' || path.endsWith('/.gitattributes'))) return new Set();
  const scratch = temporaryFolder('igos-git-index');
  using _ = removedAfterEnd(scratch);
  const git = new Git(repository, environment, { GIT_INDEX_FILE: join(scratch, 'index') });
  git.read(['read-tree', rev]);
  const folders = new Set(paths.flatMap(parents));
  // A folder is asked for with a slash behind it: some patterns mean folders only.
  const asked = [...paths, ...[...folders].map((folder) => `${folder}/`)];
  const answers = git.read(['check-attr', '--cached', '-z', '--stdin', 'export-ignore'], {
    input: asked.map((path) => `${path}\0`).join(''),
  });
  const fields = answers.split('\0');
  const marked = new Set<Bytes>();
  for (let i = 0; i + 2 < fields.length; i += 3) if (fields[i + 2] === 'set') marked.add(fields[i]!.replace(/\/$/, ''));
  return new Set(paths.filter((path) => marked.has(path) || parents(path).some((folder) => marked.has(folder))));
}

const parents = (path: Bytes): Bytes[] => {
  const found: Bytes[] = [];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) found.push(path.slice(0, at));
  return found;
};
