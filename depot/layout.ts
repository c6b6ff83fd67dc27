import { type ArchiveName, formatArchiveName } from './archive-name.ts';

/** How names become paths: `zlib/2024-02-01` and `.tar.xz`, as since December 2017, or `zlib-2017-05-31` and `.tgz`, as before. */
export type Layout = 'present' | '2017';

/** Where an archive stands below a depot. A package archive is the same for all architectures; an index is a file, all others folders. */
export function depotPath(name: ArchiveName, layout: Layout): string {
  const { arch: _, ...withoutArch } = name;
  const placed = name.type === 'pkg' ? withoutArch : name;
  if (layout === 'present' || placed.version === undefined || placed.type === 'index') return formatArchiveName(placed);
  const { version, ...current } = placed;
  return `${formatArchiveName(current)}-${version}`;
}

/** Where the published archive stands below `public/`, and below the address of its user's server; its signature has `.sig` after it. */
export const publicPath = (name: ArchiveName, layout: Layout): string => depotPath(name, layout) + publicSuffix(name, layout);

function publicSuffix(name: ArchiveName, layout: Layout): string {
  if (name.type === 'index') return '.xz';
  return layout === 'present' ? '.tar.xz' : '.tgz';
}

/** The one name at the top of a published tar: the version, or in 2017 name and version. */
export const topOf = (name: ArchiveName, layout: Layout): string => {
  const path = depotPath(name, layout);
  return path.slice(path.lastIndexOf('/') + 1);
};
