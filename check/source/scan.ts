/** What the files of a source say about building it: the build system, what it asks for, what it offers, what it carries along. */
import { compareBytes } from '../../base/index.ts';
import type { Probe } from '../facts.ts';
import { readAutoconf } from './autoconf.ts';
import { readCmake } from './cmake.ts';
import { readMeson } from './meson.ts';
import { isPlainName, probeText, type Requirement } from './requirement.ts';

export interface SourceScan {
  readonly files: number;
  /** Those that it can be built with, by its files; the likeliest first. */
  readonly buildSystems: readonly string[];
  readonly bundled: readonly string[];
  readonly requires: readonly Requirement[];
  readonly offers: readonly Probe[];
}

/** A file of a source: its path, and its text where `wantsText` asks for it. */
export interface SourceEntry {
  readonly path: string;
  readonly text: string | undefined;
}

/** Largest file that is read; a configure.ac of more is none. */
export const MAX_TEXT_BYTES: number = 2 << 20;

const READERS = [
  { names: ['configure.ac', 'configure.in'], read: readAutoconf },
  { names: ['meson.build'], read: readMeson },
  { names: ['CMakeLists.txt'], read: readCmake },
] as const;

/** Only the topmost build files count, which stand in the top folder or one below it. */
export function wantsText(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.at(-1);
  return parts.length <= 3 && READERS.some(({ names }) => (names as readonly string[]).includes(name ?? ''));
}

/** Files that tell the build system, the likeliest first. */
const MARKERS: readonly (readonly [system: string, names: readonly string[]])[] = [
  ['meson', ['meson.build']],
  ['cmake', ['CMakeLists.txt']],
  ['cargo', ['Cargo.toml']],
  ['autotools', ['configure.ac', 'configure.in', 'configure']],
  ['python', ['pyproject.toml', 'setup.py', 'setup.cfg']],
  ['perl', ['Makefile.PL', 'Build.PL']],
  ['ruby', ['Rakefile']],
  ['nodejs', ['package.json']],
  ['make', ['Makefile', 'GNUmakefile', 'makefile']],
];

const BUNDLING = new Set('vendor third_party third-party contrib subprojects deps external extern 3rdparty third'.split(' '));

/** Cost: linear in the number of files and the texts. */
export function scanSource(entries: Iterable<SourceEntry>): SourceScan {
  const all = [...entries];
  const paths = relativePaths(all.map(({ path }) => path));
  const depths = paths.map((path) => path.split('/').length);
  const requires: Requirement[] = [];
  for (const { names, read } of READERS) {
    const own = all.flatMap(({ text }, index) => {
      const parts = paths[index]!.split('/');
      return text !== undefined &&
        (names as readonly string[]).includes(parts.at(-1)!) &&
        !parts.slice(0, -1).some((part) => BUNDLING.has(part))
        ? [{ path: paths[index]!, text, depth: depths[index]! }]
        : [];
    });
    const top = Math.min(...own.map(({ depth }) => depth));
    const [first] = own.filter(({ depth }) => depth === top).sort((a, b) => compareBytes(a.path, b.path));
    if (first !== undefined) requires.push(...read(first.text, first.path));
  }
  const near = new Set(paths.filter((_, index) => depths[index] === 1));
  const systems = MARKERS.filter(([, names]) => names.some((name) => near.has(name)));
  const folders = new Set(paths.flatMap((path) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])));
  return {
    files: paths.length,
    buildSystems: systems.map(([system]) => system),
    bundled: [...folders].filter((folder) => BUNDLING.has(folder)).sort(compareBytes),
    requires: unique(requires, (each) => `${each.by} ${probeText(each)} ${each.isRequired}`),
    offers: unique(paths.flatMap(offersOf), probeText),
  };
}

/** `zlib.pc.in` is pkgconfig(zlib); `FooConfig.cmake.in` is cmake(Foo). */
function offersOf(path: string): Probe[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/(^|\/)(tests?|testsuite|examples?)\//.test(path)) return [];
  const pc = /^(.+?)(?:-uninstalled)?\.pc(?:\.in|\.cmake(?:\.in)?|\.cmakein)?$/.exec(name)?.[1];
  if (pc !== undefined) return isPlainName(pc) ? [{ kind: 'pkgconfig', name: pc }] : [];
  const config = /^(.+?)(?:-config|Config)\.cmake(?:\.in)?$/.exec(name)?.[1];
  return config !== undefined && isPlainName(config) ? [{ kind: 'cmake', name: config }] : [];
}

/** Without the one folder that most archives put around everything. */
function relativePaths(paths: readonly string[]): string[] {
  const clean = paths.map((path) =>
    path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
  );
  const first = clean[0]?.split('/')[0];
  const isWrapped = first !== undefined && clean.every((path) => path.startsWith(`${first}/`));
  return isWrapped ? clean.map((path) => path.slice(first.length + 1)) : clean;
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
