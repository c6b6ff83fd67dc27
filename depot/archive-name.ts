import { Fault } from '../base/index.ts';
import type { DepotCode } from './codes.ts';

const TYPES = ['raw', 'api', 'src', 'bin', 'dbg', 'pkg', 'index'] as const;

export type ArchiveType = (typeof TYPES)[number];

/** Which archive, of whom. Made by `parseArchiveName` from what people write, or by hand from parts that were checked. */
export interface ArchiveName {
  readonly user: string;
  readonly type: ArchiveType;
  /** Of binaries and their debug information always; of a package archive where the binaries for one architecture are meant too. */
  readonly arch?: string;
  /** Of an index the word `index`: its path has no name. */
  readonly name: string;
  /** Opaque, by convention a date. Absent: the current one of the recipe. */
  readonly version?: string;
}

export type VersionedName = ArchiveName & { readonly version: string };

/** What a command takes: archives as they are in a depot, or as recipes make them. */
export type NameForm = 'versioned' | 'current';

const USER = /^[A-Za-z0-9_-]{1,63}$/;
const ARCH = /^[A-Za-z0-9_]{1,32}$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/;
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/;
const KNOWN_ARCHS: ReadonlySet<string> = new Set([
  'x86_32',
  'x86_64',
  'arm_v6',
  'arm_v7',
  'arm_v7a',
  'arm_v8a',
  'aarch64',
  'riscv',
]);

/**
 * Reads a name as Genode's tools take it, `genodelabs/src/zlib/2017-05-31`, and as they took it in 2017, `genodelabs/src/zlib-2017-05-31`.
 * `_` as user is read too: it stands for the user who makes an archive.
 *
 * @throws Fault E-DEPOT-001, E-DEPOT-002
 */
export function parseArchiveName(text: string, form: NameForm): ArchiveName {
  const parts = text.split('/');
  const [user, type] = parts;
  if (user === undefined || !USER.test(user)) throw bad(text, `'${user}' is no user: letters, digits, _ and - make one`);
  if (type === undefined) throw bad(text, 'the type is missing');
  if (!isArchiveType(type)) throw bad(text, `'${type}' is no type of archive`);
  return check(text, { user, type, ...partsOf(text, type, parts.slice(2), form) });
}

/**
 * Reads a name with a version or without: who takes it finds out which one is current.
 *
 * @throws Fault E-DEPOT-001
 */
export function parseWantedArchive(text: string): ArchiveName {
  const parts = text.split('/');
  // `u/pkg/ARCH/NAME` could be version NAME of a package called ARCH.
  const isCurrent =
    ['bin', 'dbg', 'pkg'].includes(parts[1]!) && parts.length === 4
      ? KNOWN_ARCHS.has(parts[2]!) && splitDashForm(parts[3]!) === undefined
      : parts.length === 3 && parts[1] !== 'index' && splitDashForm(parts[2]!) === undefined;
  return parseArchiveName(text, isCurrent ? 'current' : 'versioned');
}

const isArchiveType = (text: string): text is ArchiveType => (TYPES as readonly string[]).includes(text);

type Parts = Pick<ArchiveName, 'arch' | 'name' | 'version'>;

function partsOf(text: string, type: ArchiveType, parts: readonly string[], form: NameForm): Parts {
  if (type === 'index') {
    if (parts.length !== 1) throw bad(text, 'an index is named by its version');
    return { name: 'index', version: parts[0]! };
  }
  const hasArch = type === 'bin' || type === 'dbg' || (type === 'pkg' && packageHasArch(parts, form));
  if (hasArch && parts.length < 2) throw bad(text, 'the architecture or the name is missing');
  const arch = hasArch ? { arch: parts[0]! } : {};
  const [name, version, ...more] = hasArch ? parts.slice(1) : parts;
  if (name === undefined || name === '') throw bad(text, 'the name is missing');
  if (more.length > 0) throw bad(text, 'it has too many parts');
  if (form === 'current') {
    if (version === undefined) return { ...arch, name };
    throw new Fault('E-DEPOT-002' satisfies DepotCode, `'${text}' has a version, and is to be made from its recipe`, {
      hints: [`leave the version out: ${text.slice(0, -version.length - 1)}`],
    });
  }
  if (version !== undefined) return { ...arch, name, version };
  const split = splitDashForm(name);
  if (split === undefined) {
    throw new Fault('E-DEPOT-002' satisfies DepotCode, `'${text}' has no version`, {
      hints: [`name one: ${text}/2026-01-31`],
    });
  }
  return { ...arch, ...split };
}

// `u/pkg/ARCH/NAME/VERSION` and `u/pkg/NAME/VERSION`; in the form of 2017 and among recipes one part less.
function packageHasArch(parts: readonly string[], form: NameForm): boolean {
  if (form === 'current') return parts.length === 2;
  return parts.length === 3 || (parts.length === 2 && KNOWN_ARCHS.has(parts[0]!) && splitDashForm(parts[1]!) !== undefined);
}

/** `report_rom-2017-05-14` → name and version: at the date, or, where there is none, before the first number. */
export function splitDashForm(text: string): { name: string; version: string } | undefined {
  const found = /^(.+?)-(\d{4}-\d{2}-\d{2}(?:-[a-z])*)$/.exec(text) ?? /^(.+?)-(\d[A-Za-z0-9_.+-]*)$/.exec(text);
  return found === null ? undefined : { name: found[1]!, version: found[2]! };
}

function check(text: string, name: ArchiveName): ArchiveName {
  if (name.arch !== undefined && !ARCH.test(name.arch)) throw bad(text, `'${name.arch}' is no architecture`);
  if (!NAME.test(name.name)) throw bad(text, `'${name.name}' is no name: letters, digits and _ . + - make one`);
  if (name.version !== undefined && !VERSION.test(name.version))
    throw bad(text, `'${name.version}' is no version: letters, digits and _ . + - make one`);
  return name;
}

function bad(text: string, why: string): Fault {
  return new Fault('E-DEPOT-001' satisfies DepotCode, `'${printable(text)}' names no archive: ${printable(why)}`, {
    hints: [
      'write USER/TYPE/NAME/VERSION, with the architecture before the name of a binary: genodelabs/bin/x86_64/zlib/2024-02-01',
    ],
  });
}

const printable = (text: string): string => text.slice(0, 200).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');

/** As one writes it today: `user/type/[arch/]name[/version]`. */
export function formatArchiveName({ user, type, arch, name, version }: ArchiveName): string {
  if (type === 'index') return `${user}/index/${version}`;
  return [user, type, ...(arch === undefined ? [] : [arch]), name, ...(version === undefined ? [] : [version])].join('/');
}

/**
 * Why Genode itself, which has fixed room for names, could not install an archive of this name; `undefined` where it can.
 * `urlLength`: of the address below which the archives are published.
 */
export function beyondGenode(name: ArchiveName, urlLength = 0): string | undefined {
  const path = formatArchiveName(name);
  const limits: readonly (readonly [what: string, length: number, most: number])[] = [
    ['path', path.length, 99],
    ['name', name.name.length, 79],
    ['architecture', name.arch?.length ?? 0, 9],
    ['version', name.version?.length ?? 0, 39],
    ['address', urlLength + path.length, 159],
  ];
  for (const [what, length, most] of limits) {
    if (length > most) return `its ${what} has ${length} characters, and Genode takes ${most}`;
  }
  return /[.+]/.test(name.name) ? `its name '${name.name}' has a '${/[.+]/.exec(name.name)![0]}'` : undefined;
}
