/** What a declared system said of packages counts for their next versions too, whoever brings these. */
import { withServicesAsBefore } from '../services.ts';
import type { StateView } from '../state/state.ts';
import { systemOf } from '../system-package.ts';
import type { PackageImage, PackageRecord } from '../types.ts';

/** The images without the paths that a system of the root declares itself, and with its services as they are. */
export function asDeclared(
  images: readonly PackageImage[],
  records: readonly PackageRecord[],
  base: StateView,
): readonly PackageImage[] {
  const coming = new Set(images.map(({ name }) => name));
  const systems = records.filter((record) => systemOf(record) !== undefined && !coming.has(record.name));
  const taken = new Set(
    systems.flatMap(({ name }) => base.filesOf(name).flatMap(({ kind, path }) => (kind === 'directory' ? [] : [path]))),
  );
  return images.map((whole) => {
    const image = withoutPaths(whole, taken);
    return base.record(image.name) === undefined ? image : withServicesAsBefore(image, () => base.filesOf(image.name));
  });
}

/** What the system declares wins over what a package brings to the same path. */
export function withoutPaths(image: PackageImage, taken: ReadonlySet<string>): PackageImage {
  const entries =
    taken.size === 0 ? image.entries : image.entries.filter(({ kind, path }) => kind === 'directory' || !taken.has(path));
  return entries.length === image.entries.length ? image : { ...image, entries };
}
