/**
 * What a recorded evaluation saw, as tests that a shell can make: its own (`[ -e … ]`), and one call of `stat`. All of them together
 * say at least what `stillTrue` would; what cannot be said so makes the record one that only Node can judge.
 */
import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ToldState, toldState } from './file-state.ts';
import { indexHead, indexPath } from './index-version.ts';
import type { Seen } from './seen.ts';

/** As many as the kernel follows. */
const MAX_LINKS = 40;

/** Variables that shells set themselves, whatever the environment says; those of bash that begin with its name besides. */
const OF_SHELLS = new Set(
  `_ COLUMNS COMP_CWORD COMP_KEY COMP_LINE COMP_POINT COMP_TYPE COMP_WORDBREAKS COMP_WORDS COPROC DIRSTACK ENV EPOCHREALTIME
   EPOCHSECONDS EUID FUNCNAME FUNCNEST GROUPS HISTCMD HISTFILE HISTFILESIZE HISTSIZE HOSTNAME HOSTTYPE IFS LINENO LINES MACHTYPE
   MAILCHECK MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PATH PIPESTATUS POSIXLY_CORRECT PPID PS1 PS2 PS3 PS4 PWD RANDOM READLINE_LINE
   REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TIMEFORMAT UID`.split(/\s+/),
);

/** Collects lines of a quick answer (`quick-answer.ts`). */
export class QuickConditions {
  readonly #tests = new Set<string>();
  /** What `stat` says of each path. */
  readonly #states = new Map<string, string>();
  #index: { readonly path: string; readonly inode: string; readonly lines: readonly string[] } | undefined;
  #obstacle: string | undefined;

  /** All lines, or `undefined` where a shell cannot tell. */
  lines(): readonly string[] | undefined {
    if (this.#obstacle !== undefined) return undefined;
    const paths = [...this.#states.keys()];
    const told = [...this.#states.values()].map((line) => `${line}|`);
    if (this.#index !== undefined) {
      paths.push(this.#index.path);
      told.push(`${this.#index.inode} `);
    }
    return [...this.#tests, `s${paths.join('\t')}`, `=${told.join('')}`, ...(this.#index?.lines ?? [])];
  }

  /** Gives up: only Node can judge. */
  refuse(reason: string): void {
    this.#obstacle ??= reason;
  }

  seen(seen: Seen, home: string): void {
    for (const [name, value] of seen.variables) this.variable(name, value);
    for (const [path, exists] of seen.existing) this.#test(exists ? 'e' : 'n', path);
    for (const [path, kind] of seen.kinds) this.#kind(path, kind);
    for (const [path, real] of seen.realPaths) this.#realPath(path, real);
    for (const { path, state, isPlain } of [...seen.files, ...seen.folders]) {
      this.#state(isPlain ? path : this.followed(path), state);
    }
    for (const { path, entries } of seen.sources) {
      for (const [relative, , state, isTaken] of entries) {
        if (isTaken) this.#state(relative === '' ? path : `${path}/${relative}`, state);
      }
    }
    if (seen.fetched !== null) this.refuse('the clock');
    const { version, needed, answers, built, hostTrees } = seen.store;
    if (hostTrees.length > 0) this.refuse('tools of the host');
    if (needed.length + answers.length + built.length > 0) this.#indexVersion(home, version);
  }

  variable(name: string, value: string | null): void {
    const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(igos_|BASH)/.test(name) && !OF_SHELLS.has(name);
    if (!isPlain) this.refuse('a variable that shells set themselves');
    else this.#tests.add(value === null ? `u${name}` : `v${name}=${value}`);
  }

  /** The path itself, unchanged since `sinceMs`. */
  unchanged(path: string, sinceMs: number): void {
    const told = toldState(path);
    if (told === undefined || told.changedMs >= sinceMs) this.refuse('a file of igos changed');
    else this.#tell(path, told);
  }

  /** The path itself, as it is now; for what is only ever replaced. */
  asItIs(path: string): void {
    const told = toldState(path);
    if (told === undefined) this.refuse('a file that is not there');
    else this.#tell(path, told);
  }

  /** Nothing is there, nor leads anywhere. */
  nothingAt(path: string): void {
    this.#test('n', path);
  }

  /** Where the symlinks at the path lead; each of them must stay. Those in the middle of a path need not: they show in its inode. */
  followed(path: string): string {
    let at = path;
    for (let n = 0; n < MAX_LINKS; n++) {
      const told = toldState(at);
      if (told?.kind !== 'symlink') return at;
      at = beside(at, this.#link(at, told));
    }
    this.refuse('too many symlinks');
    return path;
  }

  #kind(path: string, kind: string): void {
    if (kind === 'regular') this.#test('f', path);
    else if (kind === 'directory') this.#test('d', path);
    else if (kind === 'symlink') this.#test('l', path);
    else if (kind === '') this.#absent(path);
    else this.refuse('a device or a socket');
  }

  /** That nothing is found must not come from a folder that cannot be searched: evaluation would report that. */
  #absent(path: string): void {
    let missing = path;
    let above = dirname(missing);
    while (toldState(above) === undefined && above !== '/') {
      missing = above;
      above = dirname(above);
    }
    this.#test('x', above);
    this.#test('a', missing);
  }

  #realPath(path: string, real: string): void {
    let at = '';
    const rest = path.split('/').reverse();
    for (let nLinks = 0; rest.length > 0 && nLinks <= MAX_LINKS; ) {
      const name = rest.pop()!;
      if (name === '..') at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      if (name === '' || name === '.' || name === '..') continue;
      const next = `${at}/${name}`;
      const told = toldState(next);
      if (told?.kind === 'symlink') {
        const target = this.#link(next, told);
        if (target.startsWith('/')) at = '';
        rest.push(...target.split('/').reverse());
        nLinks++;
      } else {
        this.#test('h', next);
        at = next;
      }
    }
    if (rest.length > 0 || (at === '' ? '/' : at) !== real) this.refuse('symlinks that lead elsewhere');
    this.#test('e', real);
  }

  #state(path: string, state: string): void {
    const told = toldState(path);
    if (told === undefined || told.text !== state) this.refuse('a file that changed just now');
    else this.#tell(path, told);
  }

  /** @returns its target */
  #link(path: string, told: ToldState): string {
    if (!told.isSettled) this.refuse('a symlink that changed just now');
    this.#tell(path, told);
    try {
      return readlinkSync(path);
    } catch {
      this.refuse('a symlink that cannot be read');
      return path;
    }
  }

  #tell(path: string, { line }: ToldState): void {
    const known = this.#states.get(path);
    if (!path.startsWith('/') || path.includes('\t') || (known !== undefined && known !== line))
      this.refuse('a file that changes');
    this.#states.set(path, line);
  }

  #test(kind: string, path: string): void {
    if (!path.startsWith('/')) this.refuse('a path that is not absolute');
    this.#tests.add(kind + path);
  }

  #indexVersion(home: string, version: string): void {
    const head = indexHead(home);
    if (version === 'none') this.#absent(indexPath(home));
    else if (typeof head !== 'object' || head.version !== version) this.refuse('the index changed');
    else {
      const path = this.followed(indexPath(home));
      // Its times say less than its bytes, and change more often.
      const [inode] = toldState(path)?.line.split(' ') ?? [];
      const lines = [`z${path}`, `i${head.bytes.length}`, ...octets(head.bytes).map((line) => `#${line}`)];
      if (inode === undefined) this.refuse('the index went');
      else this.#index = { path, inode, lines };
    }
  }
}

const beside = (link: string, target: string): string => (target.startsWith('/') ? target : `${dirname(link)}/${target}`);

/** What `od -A d -t x1` prints: a line that only repeats the one before is left out, and a run of such shows as a star. */
function octets(bytes: Buffer): string[] {
  const lines: string[] = [];
  let last: Buffer | undefined;
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    if (last?.equals(row) === true) {
      if (lines.at(-1) !== '*') lines.push('*');
    } else lines.push(`${offset(at)} ${row.toString('hex').replace(/..(?=.)/g, '$& ')}`);
    last = row;
  }
  return [...lines, offset(bytes.length)];
}

const offset = (at: number): string => String(at).padStart(7, '0');
