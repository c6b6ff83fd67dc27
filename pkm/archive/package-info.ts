/** `.PKGINFO`: lines `key = value`, keys that may repeat, `#` for comments. */
import type { PackageDescription, Trigger } from '../types.ts';

export interface PackageInfoFile {
  readonly description: Partial<PackageDescription> & Pick<PackageDescription, 'name' | 'version'>;
  /** Paths that may have setuid or setgid bits. */
  readonly privileged: ReadonlySet<string>;
}

/** Their values are taken to the letter: paths may begin and end with spaces. */
const PATHS = new Set(['privileged', 'config']);

/** `undefined` where the text names no package. Unknown keys are ignored: other programs may have some of their own. */
export function decodePackageInfo(text: string): PackageInfoFile | undefined {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const match = /^\s*([a-z_]+)\s*= ?(.*)$/.exec(line);
    const [, key = '', raw = ''] = match ?? [];
    const value = PATHS.has(key) ? raw.replace(/\r$/, '') : raw.trim();
    if (value === '') continue;
    const known = values.get(key);
    // In place: who makes an archive says how many there are, and it is read before anybody is asked to trust it.
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  const one = (key: string): string => values.get(key)?.[0] ?? '';
  const name = one('pkgname');
  const version = one('pkgver');
  if (name === '' || version === '') return undefined;
  const release = Number(one('pkgrel') || '1');
  return {
    description: {
      name,
      version,
      release: Number.isSafeInteger(release) && release >= 0 ? release : 1,
      tier: one('tier'),
      summary: one('pkgdesc'),
      license: one('license'),
      homepage: one('url'),
      runtime: values.get('depend') ?? [],
      provides: values.get('provides') ?? [],
      conflicts: values.get('conflict') ?? [],
      supersedes: values.get('supersedes') ?? [],
      config: values.get('config') ?? [],
      ...decodeTriggers(values.get('trigger') ?? []),
    },
    privileged: new Set(values.get('privileged')),
  };
}

export function encodePackageInfo(about: PackageDescription, privileged: readonly string[], sizeBytes: number): string {
  const line = (key: string, value: string): string[] => (value === '' ? [] : [`${key} = ${value.replace(/\s+/g, ' ')}`]);
  const lines = (key: string, all: readonly string[]): string[] => all.flatMap((value) => line(key, value));
  return `${[
    `pkgname = ${about.name}`,
    `pkgver = ${about.version}`,
    `pkgrel = ${about.release}`,
    ...line('pkgdesc', about.summary),
    ...line('license', about.license),
    ...line('tier', about.tier),
    ...line('url', about.homepage),
    `size = ${sizeBytes}`,
    ...lines('depend', about.runtime),
    ...lines('provides', about.provides),
    ...lines('conflict', about.conflicts),
    ...lines('supersedes', about.supersedes),
    ...about.config.map((glob) => `config = ${glob}`),
    ...(about.triggers ?? []).map((trigger) => `trigger = ${JSON.stringify(trigger)}`),
    ...privileged.map((path) => `privileged = ${path}`),
  ].join('\n')}\n`;
}

/** One a line, as JSON. Others, of programs that mean something else by the key, are ignored. */
function decodeTriggers(lines: readonly string[]): { triggers?: readonly Trigger[] } {
  const triggers = lines.flatMap((line): Trigger[] => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    const { name, paths, run, isFatal } = (value ?? {}) as Record<string, unknown>;
    const isList = (list: unknown): list is string[] =>
      Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === 'string' && !one.includes('\0'));
    if (typeof name !== 'string' || !/^[A-Za-z0-9._+-]{1,64}$/.test(name) || !isList(paths) || !isList(run)) return [];
    return [{ name, paths, run, isFatal: isFatal === true }];
  });
  return triggers.length === 0 ? {} : { triggers };
}
