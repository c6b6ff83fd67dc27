/**
 * Which of our styles a build.sh spells out. InterGenOS runs build.sh whatever `build_style` says, and most of them repeat what a
 * style does; a person would write the style, and by hand only what differs.
 */
import { DESTDIR_MARK, FOLDER_MARK, JOBS_MARK, simpleCommands, VERSION_MARK } from '../simple-commands.ts';
import type { Written } from '../written.ts';

export type PhaseWord = 'configure' | 'build' | 'check' | 'install';

export interface Recognised {
  readonly style: 'autotools' | 'cmake' | 'meson' | 'python';
  readonly flags: readonly Written[];
  readonly buildDir?: string;
  /** What the style does by itself, so that it need not be written. */
  readonly byStyle: ReadonlySet<PhaseWord>;
}

/** Bodies of the functions, their indentation and `set -e` taken away. Absent ones do nothing. */
export type PhaseBodies = Readonly<Partial<Record<PhaseWord, string>>>;

interface Shape {
  readonly style: Recognised['style'];
  readonly buildDir?: string;
  /** What the style gives to configure by itself. */
  readonly own: readonly string[];
  /** What else it gives, whether a recipe says it or not. */
  readonly besides?: readonly string[];
  /** The flags, or undefined where configure does something else. */
  readonly flags: (commands: Lines) => readonly string[] | undefined;
  readonly phases: Readonly<Record<'build' | 'check' | 'install', readonly string[] | ((commands: Lines) => boolean)>>;
  /** Whether the style must build and install for it to be this one; one of the two is enough for others. */
  readonly isWhole?: true;
}

type Lines = readonly (readonly string[])[];

const JOBS = `-j${JOBS_MARK}`;
const INTO = `DESTDIR=${DESTDIR_MARK}`;

/** After `mkdir build`, `cd build`: the rest of the last command behind `program`. */
function inFolder(commands: Lines, program: string, behind: string): readonly string[] | undefined {
  if (commands.length !== 3) return undefined;
  const [make, enter, run] = commands as [readonly string[], readonly string[], readonly string[]];
  if (!['mkdir build', 'mkdir -p build', 'mkdir -v build', 'mkdir -pv build'].includes(make.join(' '))) return undefined;
  if (enter.join(' ') !== 'cd build') return undefined;
  return after(run, program, behind);
}

/** The words of one command behind `program`; where `place` is given it must stand among them, and is left out. */
function after(words: readonly string[] | undefined, program: string, place = ''): readonly string[] | undefined {
  if (words === undefined) return undefined;
  const start = program.split(' ');
  if (start.some((word, index) => words[index] !== word)) return undefined;
  const rest = words.slice(start.length);
  if (place === '') return rest;
  const at = rest.indexOf(place);
  return at === -1 ? undefined : rest.filter((_, index) => index !== at);
}

/** `-D NAME=VALUE` is `-DNAME=VALUE`. */
function joinDefines(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.reduce<string[]>((out, word) => {
    if (out.at(-1) === '-D') out[out.length - 1] = `-D${word}`;
    else out.push(word);
    return out;
  }, []);
}

const WHEEL = ['--no-build-isolation', '--no-deps', '--no-cache-dir'];

/** One command with none but these words, and so many others that are no options. */
function isCall(commands: Lines, program: string, words: readonly string[], nOthers: number): boolean {
  const rest = commands.length === 1 ? after(commands[0], program) : undefined;
  const others = rest?.filter((word) => !words.includes(word));
  return others?.length === nOthers && others.every((word) => !word.startsWith('-'));
}

/** Flags that our style gives to every `configure` by itself. */
export const AUTOTOOLS_FOLDERS: readonly string[] = ['--sysconfdir=/etc', '--localstatedir=/var'];

const SHAPES: readonly Shape[] = [
  {
    style: 'autotools',
    own: ['--prefix=/usr'],
    besides: AUTOTOOLS_FOLDERS,
    flags: (commands) => (commands.length === 1 ? after(commands[0], './configure') : undefined),
    phases: { build: [`make ${JOBS}`, 'make'], check: ['make check'], install: [`make ${INTO} install`] },
  },
  {
    style: 'autotools',
    buildDir: 'build',
    own: ['--prefix=/usr'],
    besides: AUTOTOOLS_FOLDERS,
    flags: (commands) => inFolder(commands, '../configure', ''),
    phases: {
      build: [`cd build\nmake ${JOBS}`, 'cd build\nmake'],
      check: ['cd build\nmake check'],
      install: [`cd build\nmake ${INTO} install`],
    },
  },
  {
    style: 'meson',
    own: ['--prefix=/usr', '--buildtype=release'],
    besides: ['--libdir=/usr/lib', '--wrap-mode=nodownload', '--sysconfdir=/etc', '--localstatedir=/var'],
    flags: (commands) =>
      joinDefines(
        inFolder(commands, 'meson setup', '..') ?? (commands.length === 1 ? after(commands[0], 'meson setup build') : undefined),
      ),
    phases: {
      build: ['cd build\nninja', `cd build\nninja ${JOBS}`, 'ninja -C build', `ninja -C build ${JOBS}`, 'meson compile -C build'],
      check: ['cd build\nninja test', 'ninja -C build test'],
      install: [
        `cd build\n${INTO} ninja install`,
        `${INTO} ninja -C build install`,
        `cd build\nninja ${INTO} install`,
        `${INTO} meson install -C build`,
      ],
    },
  },
  {
    style: 'cmake',
    own: ['-DCMAKE_INSTALL_PREFIX=/usr', '-DCMAKE_BUILD_TYPE=Release'],
    besides: ['-DCMAKE_INSTALL_LIBDIR=lib', '-DCMAKE_INSTALL_SYSCONFDIR=/etc', '-DCMAKE_INSTALL_LOCALSTATEDIR=/var'],
    flags: (commands) => joinDefines(commands.length === 1 ? after(commands[0], 'cmake -B build') : undefined),
    phases: {
      build: [`cmake --build build ${JOBS}`],
      check: ['cmake --build build --target test'],
      install: [`${INTO} cmake --install build`],
    },
  },
  {
    style: 'python',
    own: [],
    flags: (commands) => (commands.length === 0 ? [] : undefined),
    phases: {
      build: (commands) => isCall(commands, 'pip3 wheel', ['-w', 'dist', ...WHEEL, FOLDER_MARK], 0),
      check: [],
      install: (commands) =>
        isCall(
          commands,
          'pip3 install',
          [...WHEEL, '--no-index', '--no-user', '--find-links', 'dist', `--root=${DESTDIR_MARK}`],
          1,
        ),
    },
    isWhole: true,
  },
];

/** What of a build.sh is a style, or undefined where it is its own. */
export function recogniseStyle(bodies: PhaseBodies): Recognised | undefined {
  const lines = (phase: PhaseWord): Lines | undefined => {
    const body = bodies[phase];
    return body === undefined ? [] : simpleCommands(body);
  };
  const configure = lines('configure');
  if (configure === undefined) return undefined;
  for (const shape of SHAPES) {
    const found = shape.flags(configure);
    if (found === undefined || shape.own.some((flag) => !found.includes(flag))) continue;
    const given = [...shape.own, ...(shape.besides ?? [])];
    const flags = found.filter((flag) => !given.includes(flag));
    if (flags.some((flag) => flag.includes(JOBS_MARK) || flag.includes(DESTDIR_MARK))) continue;
    const byStyle = new Set<PhaseWord>(['configure']);
    for (const phase of ['build', 'check', 'install'] as const) {
      const commands = lines(phase);
      const expected = shape.phases[phase];
      if (commands === undefined) continue;
      const text = commands.map((words) => words.join(' ')).join('\n');
      if (typeof expected === 'function' ? expected(commands) : expected.includes(text)) byStyle.add(phase);
    }
    const both = [byStyle.has('build'), byStyle.has('install')];
    if (shape.isWhole ? both.includes(false) : !both.includes(true)) continue;
    return {
      style: shape.style,
      flags: flags.map(toWritten),
      byStyle,
      ...(shape.buildDir === undefined ? {} : { buildDir: shape.buildDir }),
    };
  }
  return undefined;
}

const toWritten = (flag: string): Written =>
  flag.split(VERSION_MARK).flatMap((text, index) => (index === 0 ? [text] : [{ code: 'version' }, text]));
