/** From the names that configure steps look for to packages of the tree. */
import type { PackageFacts, Probe, TreeFacts } from './facts.ts';
import { probeText } from './source/requirement.ts';

/** What a C library, a compiler and a shell bring: no package declares them. */
const LIBRARIES = new Set(
  'c m dl pthread rt resolv nsl util crypt socket inet bsd-compat gcc gcc_s stdc++ posix4 anl'.split(' '),
);
const HEADERS =
  /^(sys|netinet|arpa|net|linux|asm|rpc|bits|machine|mach|gnu)\/|^(assert|complex|ctype|dirent|dlfcn|endian|err|errno|error|execinfo|fcntl|features|fenv|float|fnmatch|getopt|glob|grp|iconv|inttypes|langinfo|libgen|libintl|limits|locale|malloc|math|memory|mntent|netdb|paths|poll|pthread|pty|pwd|regex|resolv|sched|search|semaphore|setjmp|shadow|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|sysexits|syslog|tar|termio|termios|tgmath|time|ucontext|uchar|unistd|utime|utmp|utmpx|values|varargs|wait|wchar|wctype|wordexp|alloca|byteswap|crypt|elf|fts|ftw|ifaddrs|link|obstack|printf|stdnoreturn|threads)\.h$/;
const PROGRAMS = new Set(
  'sh bash cc gcc g++ c++ clang cpp ld ar nm ranlib strip objcopy objdump as sed awk gawk grep cat cp mv rm ln ls mkdir chmod install touch echo printf test true false env sort uniq head tail tr cut wc date uname find xargs diff cmp make gmake tar gzip dirname basename expr id tee which mktemp readlink realpath sleep hostname python3 python perl'.split(
    ' ',
  ),
);

/** Answers which packages of the tree a name may mean. */
export class Providers {
  readonly #tree: TreeFacts;
  readonly #said = new Map<string, Set<string>>();
  readonly #names = new Map<string, string[]>();

  /** @param offers  what the sources of packages say that they are found as */
  constructor(tree: TreeFacts, offers: ReadonlyMap<string, readonly Probe[]>) {
    this.#tree = tree;
    const say = (probe: Probe, name: string): void => {
      const key = probeText(probe);
      const known = this.#said.get(key) ?? new Set();
      this.#said.set(key, known.add(name));
    };
    for (const each of tree.packages.values()) for (const probe of each.foundAs) say(probe, each.name);
    for (const [name, probes] of offers) for (const probe of probes) if (tree.packages.has(name)) say(probe, name);
    for (const name of tree.packages.keys()) {
      for (const form of new Set([name.toLowerCase(), baseName(name)]))
        this.#names.set(form, [...(this.#names.get(form) ?? []), name]);
    }
  }

  /** Whether the system below all packages answers: a header of the C library, the shell. */
  isGiven({ kind, name }: Probe): boolean {
    if (kind === 'library') return LIBRARIES.has(name);
    if (kind === 'header') return HEADERS.test(name);
    return kind === 'program' && PROGRAMS.has(name);
  }

  /** Packages: those that say so themselves, else those whose names are like it. Empty: nobody knows. */
  of(probe: Probe): readonly string[] {
    const said = this.#said.get(probeText(probe));
    if (said !== undefined) return [...said];
    for (const form of forms(probe)) {
      const found = this.#names.get(form);
      if (found !== undefined) return found;
    }
    return [];
  }

  /** What a build sees: what it declares, and all that those need to run. */
  seenBy(each: PackageFacts): ReadonlySet<string> {
    const seen = new Set([...each.build, ...each.host]);
    for (const name of seen) for (const next of this.#tree.packages.get(name)?.runtime ?? []) seen.add(next);
    return seen;
  }
}

/** Variants of a package stand for it: the one that breaks a circle, the one of the first pass. */
const baseName = (name: string): string => name.toLowerCase().replace(/-(pass\d+|bootstrap|core|tmp|static)$/, '');

/** Likely names of packages, likeliest first: `gtk+-3.0` → gtk+-3.0, gtk-3.0, gtk3, gtk. */
function forms({ kind, name }: Probe): string[] {
  const lower = name.toLowerCase().replace(/\.h$/, '').replace(/^.*\//, '');
  const plain = lower.replaceAll('+', '');
  const [, stem, major] = /^(.*?)-?(\d+)(?:\.\d+)*$/.exec(plain) ?? [];
  const found = [lower, plain];
  if (stem !== undefined && stem.length > 0) found.push(`${stem}${major}`, `${stem}-${major}`, stem);
  if (kind === 'library') found.unshift(`lib${lower}`);
  const all = found.flatMap((form) => (form.startsWith('lib') ? [form, form.slice(3)] : [form, `lib${form}`]));
  return [...new Set(all)].filter((form) => form.length > 1);
}
