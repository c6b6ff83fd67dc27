/** Reads the end of a failed build's log as a colleague would: which tool, library or header is it that was not declared? */

interface Clue {
  readonly pattern: RegExp;
  /** `undefined` where the match turns out to say nothing. */
  readonly hint: (name: string) => string | undefined;
}

const addTool = (tool: string): string =>
  `the build has no '${tool}': add the package that brings it: build = [ … ${packageOf(tool)} ]`;

/** Most telling first. Group 1 is the name. */
const CLUES: readonly Clue[] = [
  // bash, dash and busybox: "sh: 3: gcc: not found", "script: line 3: gcc: command not found"
  { pattern: /(?:^|[:\s])([\w.+/-]+): (?:command )?not found$/, hint: (name) => (isTool(name) ? addTool(name) : undefined) },
  { pattern: /^make(?:\[\d+\])?: ([\w.+/-]+): No such file or directory$/, hint: addTool },
  { pattern: /^env: ['‘"]?([\w.+-]+)['’"]?: No such file or directory$/, hint: addTool },
  {
    pattern: /cannot find -l([\w.+-]+)/,
    hint: (name) => `the linker finds no library '${name}': add its package: host = [ … ${name} ]`,
  },
  {
    pattern: /(?:error: |: )['"<]?([\w.+/-]+\.(?:h|hh|hpp|hxx))['">]?:? (?:No such file or directory|file not found)/,
    hint: (name) => `the compiler finds no header '${name}': add the package that brings it: host = [ … ]`,
  },
  {
    pattern: /error: include file ['"]([\w.+/-]+)['"] not found/,
    hint: (name) => `the compiler finds no header '${name}': add the package that brings it: host = [ … ]`,
  },
  {
    pattern: /No package '([\w.+-]+)' found|Package ['"]?([\w.+-]+)['"]?,? (?:required by .*, )?(?:was )?not found/,
    hint: (name) => `pkg-config knows no '${name}': add its package: host = [ … ${name} ]`,
  },
  {
    pattern: /^can't find file to patch at input line/,
    hint: () => 'patches are applied with -p1: one with other names says so: patches = [ { file = ./x.patch; strip = 0; } ]',
  },
  {
    pattern: /^Hunk #\d+ FAILED|^\d+ out of \d+ hunks? FAILED/,
    hint: () => 'the patch is for another version of the source: make it anew, or leave it out',
  },
  // "cc: fatal error: cannot execute 'cc1': execvp: No such file or directory"
  {
    pattern: /cannot execute ['‘]([\w.+-]+)['’]: (?:execvp|posix_spawnp?): No such file or directory/,
    hint: (name) =>
      `the compiler has no '${name}', which it calls: of host tools its own files have to be named too (files = [ … ]); debianSeed takes whole packages`,
  },
  { pattern: /configure: error: no acceptable C compiler/, hint: () => 'the build has no C compiler: add one: build = [ … cc ]' },
  // dash, bash, make and gcc
  {
    pattern:
      /[Cc]annot fork|(?:fork|clone|spawn|pthread_create)\w*(?:: retry)?[:,()' ]+(?:Resource temporarily unavailable|EAGAIN)/,
    hint: () =>
      'the build may have no more processes: let it start fewer at once (--cores), or allow more (--max-tasks, and the limits of this machine)',
  },
  { pattern: /No space left on device/, hint: () => 'the disk that holds the store is full: make room' },
  {
    pattern: /(?:Could not resolve host|Temporary failure in name resolution|Network is unreachable)/,
    hint: () => 'builds have no network: declare what is downloaded as a source with its hash',
  },
];

/** What to do about a failed build, from its last lines; empty where nothing is known. Cost: lines × clues. */
export function diagnose(lines: readonly string[]): string[] {
  const hints = new Set<string>();
  for (const line of lines) {
    for (const { pattern, hint } of CLUES) {
      const match = pattern.exec(line.trimEnd());
      const text = match === null ? undefined : hint(match[1] ?? match[2] ?? '');
      if (text === undefined) continue;
      hints.add(text);
      break;
    }
  }
  return [...hints].slice(0, 3);
}

/** `ld: libz.so: not found`-like lines name files, not programs. */
const isTool = (name: string): boolean => !/\.(?:so|a|h|c|o|la|pc)(?:\.|$)/.test(name) && !/^\d+$/.test(name);

const BINUTILS = ['ar', 'as', 'ld', 'nm', 'objcopy', 'objdump', 'ranlib', 'readelf', 'strip'];

function packageOf(tool: string): string {
  const name = tool.slice(tool.lastIndexOf('/') + 1);
  return BINUTILS.includes(name) ? 'binutils' : name;
}
