/** The package of the files that a declared system has itself. Its name alone does not tell: others are called `system-…` too. */
import type { PackageRecord } from './types.ts';

const PREFIX = 'system-';

export const systemPackage = (system: string): { readonly name: string; readonly summary: string } => ({
  name: `${PREFIX}${system}`,
  summary: `Files that system ${system} declares`,
});

/** The name of the system whose files a package has. */
export function systemOf({ name, summary, origin }: Pick<PackageRecord, 'name' | 'summary' | 'origin'>): string | undefined {
  const system = name.slice(PREFIX.length);
  return origin.kind === 'store' && name.startsWith(PREFIX) && summary === systemPackage(system).summary ? system : undefined;
}
