/**
 * What other package managers call things: nix, guix, pacman, apt and dnf. None of these words does anything here;
 * whoever types one is told how it is said, since the nearest name by its letters may be the opposite (uninstall, install).
 */

const IGOS: Readonly<Record<string, string>> = {
  'build-derivation': 'igos realize TREE#NAME',
  'collect-garbage': 'igos gc',
  copy: 'igos cache push, igos cache pull',
  'copy-closure': 'igos cache push, igos cache pull',
  derivation: 'igos show TREE#NAME',
  'dev-shell': 'igos develop TREE#NAME',
  edit: 'igos repl TREE, then :edit NAME',
  environment: 'igos develop TREE#NAME',
  flake: 'igos show TREE',
  format: 'igos fmt TREE',
  graph: 'igos store graph PATH',
  hash: `igos store path FILE, or igos eval --expr 'builtins.hashFile "sha256" ./FILE'`,
  lint: 'igos check TREE',
  makepkg: 'igos archive TREE#NAME',
  'nix-build': 'igos realize TREE#NAME',
  'nix-collect-garbage': 'igos gc',
  'nix-env': 'pkm install TREE#NAME, pkm list, pkm rollback',
  'nix-instantiate': 'igos instantiate TREE#NAME, or igos eval',
  'nix-shell': 'igos develop TREE#NAME',
  'nix-store': 'igos store VERB',
  'path-info': 'igos store info PATH',
  'prefetch-url': 'igos store fetch URL',
  'print-dev-env': 'igos develop TREE#NAME -- env',
  profile: 'pkm list, pkm install TREE#NAME, pkm generations',
  publish: 'igos repo build DIR, or igos depot publish ARCHIVE',
  run: 'igos develop TREE#NAME -- CMD, or pkm install TREE#NAME',
  serve: 'igos cache serve, or igos depot serve',
  shell: 'igos develop TREE#NAME',
  'show-derivation': 'igos show DRV',
  size: 'igos store du PATH',
  system: 'pkm switch TREE#SYSTEM, or igos image TREE#SYSTEM',
  tree: 'igos show TREE',
  version: 'igos --version',
  why: 'igos why-depends FROM TO',
};

const PKM: Readonly<Record<string, string>> = {
  '-F': 'pkm provides PATH',
  '-Fl': 'pkm files NAME',
  '-Fy': 'pkm sync',
  '-Q': 'pkm list',
  '-Qi': 'pkm info NAME',
  '-Qk': 'pkm verify --fast',
  '-Qkk': 'pkm verify',
  '-Ql': 'pkm files NAME',
  '-Qm': 'pkm list',
  '-Qo': 'pkm owns PATH',
  '-Qs': 'pkm search WORD',
  '-Qu': 'pkm outdated',
  '-R': 'pkm remove NAME',
  '-Rns': 'pkm remove NAME, then pkm autoremove',
  '-Rs': 'pkm remove NAME, then pkm autoremove',
  '-S': 'pkm install NAME',
  '-Sc': 'pkm cache clean',
  '-Scc': 'pkm cache clean',
  '-Si': 'pkm info NAME',
  '-Sl': 'pkm available',
  '-Ss': 'pkm search WORD',
  '-Su': 'pkm upgrade',
  '-Sy': 'pkm sync',
  '-Syu': 'pkm sync && pkm upgrade',
  '-Syyu': 'pkm sync && pkm upgrade',
  '-U': 'pkm install --archive FILE',
  add: 'pkm install NAME',
  autoclean: 'pkm cache clean',
  autopurge: 'pkm autoremove',
  check: 'pkm verify',
  'check-update': 'pkm outdated',
  clean: 'pkm cache clean',
  contents: 'pkm files NAME',
  delete: 'pkm remove NAME',
  depends: 'pkm info NAME',
  'delete-generations': 'pkm gc --keep N',
  'dist-upgrade': 'pkm upgrade',
  erase: 'pkm remove NAME',
  fix: 'pkm repair',
  'full-upgrade': 'pkm upgrade',
  'list-generations': 'pkm generations',
  lock: 'pkm hold NAME',
  log: 'pkm history',
  package: 'pkm install NAME, pkm remove NAME, pkm list',
  pin: 'pkm hold NAME',
  purge: 'pkm remove NAME --force',
  query: 'pkm list, or pkm info NAME',
  reconfigure: 'pkm switch TREE#SYSTEM',
  reinstall: 'pkm repair NAME',
  restore: 'pkm repair, or pkm rollback',
  revert: 'pkm rollback',
  'roll-back': 'pkm rollback',
  status: 'pkm list, or pkm verify',
  'switch-generation': 'pkm rollback N',
  undo: 'pkm rollback',
  uninstall: 'pkm remove NAME',
  unlock: 'pkm unhold NAME',
  unpin: 'pkm unhold NAME',
  version: 'pkm --version',
  whatprovides: 'pkm provides PATH',
  which: 'pkm owns PATH',
  why: 'pkm info NAME',
};

/** Verbs of `nix store` and `nix-store`, behind `igos store`. */
const STORE: Readonly<Record<string, string>> = {
  '--query': 'igos store info PATH, igos store references PATH, igos store roots',
  '--read-log': 'igos log PATH',
  '--realise': 'igos realize TREE#NAME',
  '--serve': 'igos cache serve',
  '--verify-path': 'igos store verify --contents',
  'add-file': 'igos store add FILE',
  'add-fixed': 'igos store add FILE',
  'add-path': 'igos store add FILE',
  build: 'igos realize TREE#NAME',
  copy: 'igos cache push, igos cache pull',
  'copy-sigs': 'igos store sign PATH',
  'diff-closures': 'igos store diff PATH PATH',
  'dump-path': 'igos store dump PATH',
  'path-info': 'igos store info PATH',
  'prefetch-file': 'igos store fetch URL',
  query: 'igos store info PATH, igos store references PATH, igos store roots',
  realise: 'igos realize TREE#NAME',
  realize: 'igos realize TREE#NAME',
  remove: 'igos store delete PATH, or igos store roots remove LINK',
  repair: 'igos store verify --contents --repair',
  'repair-path': 'igos store verify --contents --repair',
  requisites: 'igos store references -r PATH',
  rm: 'igos store delete PATH, or igos store roots remove LINK',
  serve: 'igos cache serve',
};

/** Word and what is said for it here, of each program. */
export const FOREIGN_WORDS: Readonly<Record<'igos' | 'pkm', ReadonlyMap<string, string>>> = {
  igos: new Map([...Object.entries(IGOS), ...Object.entries(STORE).map(([verb, here]) => [`store ${verb}`, here] as const)]),
  pkm: new Map(Object.entries(PKM)),
};

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'assume-yes': ['yes'],
  force: ['overwrite'],
  installroot: ['root'],
  'max-jobs': ['jobs'],
  'max-silent-time': ['max-silent'],
  'no-build-output': ['quiet'],
  noconfirm: ['yes'],
  'no-confirm': ['yes'],
  'no-link': ['no-out-link'],
  parallel: ['jobs'],
  rebuild: ['check'],
  recursive: ['cascade', 'closure'],
  run: ['command'],
  simulate: ['dry-run'],
  sysroot: ['root'],
  verbose: ['print-build-logs', 'show-trace'],
};

/** What the options of Nix's programs are for that are none here. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'add-root': 'a link of your own keeps it: igos realize --out-link NAME, or igos store roots add LINK PATH',
  attr: 'a package of a tree is written TREE#NAME',
  'arg-from-stdin': 'write it to a file: --arg-from-file NAME FILE',
  'delete-old': 'the generations of a root are forgotten by pkm gc; what they alone needed then goes with igos gc',
  builders: 'builds run on this machine; others share theirs: igos cache serve',
  eval: 'igos eval FILE prints a value',
  fallback: 'what no cache has is built here anyway',
  file: 'a FILE stands as it is, without an option',
  'find-file': "igos eval --expr '<NAME>' prints where it is",
  indirect: 'a link of your own keeps it: igos realize --out-link NAME, or igos store roots add LINK PATH',
  json: 'igos eval --json FILE prints a value as JSON',
  option: 'settings are options of their own here, such as --cores 2, --jobs 2, --timeout 10m, --no-substitute',
  parse: 'igos parse FILE prints the syntax',
  'print-out-paths': 'igos realize prints the output paths, and nothing else on standard output',
  'readonly-mode': 'nothing is written but what is asked for',
  repair: 'igos store verify --contents --repair',
  strict: 'igos eval --strict FILE prints all of a value',
  xml: 'igos eval --xml FILE prints a value as XML',
};

/** Their letters. */
const LETTERS: Readonly<Record<string, string>> = { A: 'attr', d: 'delete-old', Q: 'no-build-output', f: 'file', v: 'verbose' };

/** The long name that a letter has elsewhere. */
export const foreignLetter = (letter: string): string | undefined =>
  Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : undefined;

/** How what an option is for is said here, where no option of ours does it. */
export const saidOtherwise = (long: string): string | undefined => (Object.hasOwn(OTHERWISE, long) ? OTHERWISE[long] : undefined);

/** The options of ours, by their long names, that do what this one does elsewhere. */
export const optionsMeant = (long: string): readonly string[] => (Object.hasOwn(OPTIONS, long) ? OPTIONS[long]! : []);

/** How what `word` means elsewhere is said here: in `program`, else in the other one. */
export const saidHere = (program: 'igos' | 'pkm', word: string): string | undefined =>
  FOREIGN_WORDS[program].get(word) ?? FOREIGN_WORDS[program === 'igos' ? 'pkm' : 'igos'].get(word);
