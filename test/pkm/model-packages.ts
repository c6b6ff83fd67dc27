/** The packages of the random sequences: each is a function of its version. */
import type { PackageDescription } from '../../pkm/index.ts';
import type { FileSpec } from './support.ts';

export interface ModelImage {
  readonly name: string;
  readonly version: number;
  readonly files: Readonly<Record<string, FileSpec>>;
  readonly supersedes: readonly string[];
  /** `name`, or `name>=version`. */
  readonly runtime: readonly string[];
  readonly conflicts: readonly string[];
  readonly trigger?: ModelTrigger;
}

/** Set off by what changes below a folder. */
export interface ModelTrigger {
  readonly below: string;
  readonly isFatal: boolean;
  readonly fails: boolean;
}

type Contents = Pick<ModelImage, 'files'> & Partial<ModelImage>;

/** What a version of a plain package holds: different from version to version. */
function plainFiles(name: string, version: number): Record<string, FileSpec> {
  const files: Record<string, FileSpec> = {
    [`usr/bin/${name}`]: { mode: version % 2 === 0 ? 0o755 : 0o4711, text: `${name} ${version >> 1}` },
    [`usr/share/${name}/stable`]: 'stable',
    [`usr/share/${name}/v${version}`]: `only in ${version}`,
    [`usr/lib/lib${name}.so`]: `-> lib${name}.so.${version}`,
    [`etc/${name}.conf`]: `top\n\nkey = ${version % 2}\n\nmiddle\n\nversion = ${version}\n`,
    [`usr/kind/${name}${['', '/below', '/below/deeper', ''][version - 1]}`]: version === 4 ? '-> nowhere' : `kind ${version}`,
  };
  if (version % 2 === 0) files[`usr/share/${name}/even/deep/file`] = `${version}`;
  if (version === 3) files[`etc/${name}.d/extra.conf`] = `extra ${version}\n`;
  return files;
}

/** So much, in new folders, that threads place and remove it; versions overlap. */
const manyFiles = (version: number): Record<string, FileSpec> =>
  Object.fromEntries(
    Array.from({ length: 64 }, (_, n) => [`usr/share/many/${n % 3}/${n + version}`, `${version % 2} ${n}`] as const),
  );

/** util is split in two; old is followed by mid, and mid by new. tool needs app, app lib, and rival excludes tool. */
const packages = {
  a: (version) => ({ files: plainFiles('a', version) }),
  b: (version) => ({ files: plainFiles('b', version) }),
  many: (version) => ({ files: manyFiles(version) }),
  util: (version) => ({
    files: {
      'usr/bin/mount': `mount ${version}`,
      'usr/bin/cal': 'cal',
      'usr/share/util/left': `left ${version}`,
      'etc/util.conf': `util ${version}\n`,
    },
  }),
  'util-core': (version) => ({
    files: { 'usr/bin/mount': { mode: 0o4755, text: `core mount ${version}` }, 'etc/util.conf': `util core ${version}\n` },
    supersedes: ['util'],
  }),
  'util-extra': (version) => ({
    files: { 'usr/bin/cal': 'cal', 'usr/bin/col': `col ${version}` },
    supersedes: ['util'],
  }),
  old: (version) => ({ files: { 'usr/lib/x': `x ${version}`, 'usr/lib/only-old': `${version}` } }),
  mid: (version) => ({ files: { 'usr/lib/x': `mid x ${version}`, 'usr/lib/only-mid': `${version}` }, supersedes: ['old'] }),
  new: (version) => ({ files: { 'usr/lib/x': `new x ${version}`, 'usr/lib/only-mid': 'taken' }, supersedes: ['mid'] }),
  lib: (version) => ({ files: { 'usr/lib/lib.so': `lib ${version}`, ...(version === 1 ? { 'usr/lib/moves': 'lib' } : {}) } }),
  app: (version) => ({
    files: { 'usr/bin/app': `app ${version}`, 'usr/share/app': `${version >> 1}`, 'etc/app.conf': `app = ${version}\n` },
    runtime: version < 3 ? ['lib'] : ['lib>=3', 'util'],
  }),
  tool: (version) => ({
    files: { 'usr/bin/tool': `tool ${version}`, ...(version === 2 ? { 'usr/lib/moves': 'tool' } : {}) },
    runtime: version % 2 === 0 ? ['app'] : ['old'],
  }),
  rival: (version) => ({ files: { 'usr/bin/rival': `${version}` }, conflicts: version === 1 ? ['tool<3'] : ['tool'] }),
  trig: (version) => ({
    files: { 'usr/bin/trig': `${version}` },
    trigger: { below: 'usr/share/', isFatal: version % 2 === 0, fails: version > 2 },
  }),
} satisfies Record<string, (version: number) => Contents>;

export type PackageName = keyof typeof packages;
export const packageNames = Object.keys(packages) as readonly PackageName[];

const known = new Map<string, ModelImage>();

export function modelImage(name: string, version: number): ModelImage {
  const key = `${name} ${version}`;
  const contents: Contents = packages[name as PackageName](version);
  const image = known.get(key) ?? { name, version, supersedes: [], runtime: [], conflicts: [], ...contents };
  known.set(key, image);
  return image;
}

/** What pkm is told of it beside its files. */
export const descriptionOf = ({ supersedes, runtime, conflicts, trigger }: ModelImage): Partial<PackageDescription> => ({
  supersedes,
  runtime,
  conflicts,
  ...(trigger === undefined
    ? {}
    : {
        triggers: [
          { name: 'cache', paths: [`${trigger.below}**`], run: ['cache', String(trigger.fails)], isFatal: trigger.isFatal },
        ],
      }),
});
