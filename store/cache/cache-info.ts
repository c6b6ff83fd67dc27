/** `nix-cache-info`: what a binary cache says of itself. */
export interface CacheInfo {
  /** The store folder that its paths are of; absent where it does not say. */
  readonly storeDir?: string;
  /** Whether it likes being asked for many paths at once. */
  readonly wantsMassQuery: boolean;
  /** Lower is asked first. */
  readonly priority: number;
  /** Ours: it has manifests, and gives single files. */
  readonly hasManifests: boolean;
}

/** Of caches that say none. */
const defaultPriority = 50;

export const formatCacheInfo = (info: CacheInfo & { storeDir: string }): string =>
  `StoreDir: ${info.storeDir}\nWantMassQuery: ${info.wantsMassQuery ? 1 : 0}\nPriority: ${info.priority}\n${info.hasManifests ? 'IgosManifests: 1\n' : ''}`;

/** Lines that are not understood are passed over: later versions may say more. */
export function parseCacheInfo(text: string): CacheInfo {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    // Trimmed apart: a pattern that looks for white space on both sides takes years for a hostile line.
    const [, name, value] = /^([A-Za-z]+):(.*)$/s.exec(line) ?? [];
    if (name !== undefined) fields.set(name, value!.trim());
  }
  const storeDir = fields.get('StoreDir');
  const priority = fields.get('Priority');
  return {
    ...(storeDir === undefined ? {} : { storeDir }),
    wantsMassQuery: fields.get('WantMassQuery') === '1',
    priority: priority !== undefined && /^\d{1,9}$/.test(priority) ? Number(priority) : defaultPriority,
    hasManifests: fields.get('IgosManifests') === '1',
  };
}
