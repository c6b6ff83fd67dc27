/** The commands of `igos`. Texts are read by people: change them here, and run `npm run docs`. */
import type { Command, Option } from '../command.ts';
import { depotCommands } from '../depot-table.ts';
import { KEEP_OPTIONS } from '../keep-options.ts';
import { LIMIT_OPTIONS } from '../limit-options.ts';
import { LINT_OPTIONS } from '../lints.ts';
import { PROGRESS_OPTIONS } from '../progress/options.ts';

const JOBS: Option = { long: 'jobs', short: 'j', values: ['N'], doc: 'builds at the same time (default: the number of cores)' };
const CORES: Option = {
  long: 'cores',
  values: ['N'],
  doc: 'what each build is told to use, as NIX_BUILD_CORES (default, and 0: all)',
};
const DRY_RUN: Option = { long: 'dry-run', short: 'n', doc: 'print the plan and change nothing' };

/** Options of every command that evaluates; Nix's spellings. */
const EVALUATION: readonly Option[] = [
  { long: 'attr', short: 'A', values: ['PATH'], isRepeated: true, doc: 'take this attribute of the value: a.b.0.c' },
  { long: 'arg', values: ['NAME', 'EXPR'], isRepeated: true, doc: 'call a function of named arguments with this expression' },
  { long: 'argstr', values: ['NAME', 'TEXT'], isRepeated: true, doc: 'the same with a string' },
  { long: 'include', short: 'I', values: ['PATH'], isRepeated: true, doc: 'a search path entry for <name>: PATH or NAME=PATH' },
  { long: 'impure', doc: 'let expressions see the environment, the clock, NIX_PATH, and files anywhere' },
  { long: 'system', values: ['SYSTEM'], doc: "the system to build for (default: this machine's)" },
  { long: 'pipes', doc: 'understand the |> and <| operators' },
  ...LINT_OPTIONS,
  { long: 'no-eval-cache', doc: 'evaluate again, even if nothing changed since the last time' },
  {
    long: 'max-call-depth',
    values: ['N'],
    doc: 'how many calls may be inside each other, and how many levels data that is walked may have',
  },
  { long: 'trace-verbose', doc: 'print what builtins.traceVerbose says' },
  { long: 'abort-on-warn', doc: 'fail after a warning of builtins.warn, with its trace' },
  {
    long: 'extra-experimental-features',
    values: ['LIST'],
    isRepeated: true,
    doc: 'features by the names that Nix has for them: pipe-operators, parse-toml-timestamps',
  },
  { long: 'experimental-features', values: ['LIST'], isRepeated: true, doc: 'the same' },
];
const EXPRESSION: Option = {
  long: 'expr',
  short: 'E',
  values: ['EXPR'],
  doc: 'evaluate this text instead of a file (in a tree: with its names in scope)',
};

const TREE_WORDS =
  'TREE is a folder with *.igos files of declarations, or one such file; TREE#NAME is one package or system of it; TREE alone means all its packages. A *.nix or *.igos file with one expression is taken as well (its derivations, or those that -A names), and so is the path of a .drv file.';

/** For commands that look at what is in the store. */
const PATH_WORDS = 'PATH is a store path, a link to one (result), or a package that is built: TREE#NAME.';

const KEY_FILE = { long: 'key', short: 'k', values: ['FILE'] } as const;
const COMPRESSION = { long: 'compression', values: ['NAME'], choices: ['zstd', 'xz', 'gzip', 'br', 'bzip2', 'none'] } as const;
const CACHE_WORDS =
  'CACHE is file:///folder, http://…, https://… or s3://bucket?endpoint=…&region=… (keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials).';

/** Of commands that take from caches. */
const TRUST: readonly Option[] = [
  { long: 'substituters', values: ['URL'], isRepeated: true, doc: 'ask these caches (added to those of etc/caches.conf)' },
  { long: 'trusted-key', values: ['KEY'], isRepeated: true, doc: 'believe signatures by this public key, NAME:BASE64' },
];

export const igosCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'eval',
    isRemembered: true,
    summary: 'print the value of an expression, a file or a tree',
    operands: '[FILE|TREE]',
    minOperands: 0,
    maxOperands: 1,
    description:
      'Evaluates lazily and prints the value as Nix does: what was not needed shows as <CODE>, unless --strict asks for all of it. Nothing is built or written, except where an expression imports what a derivation builds. With a TREE and --expr, the expression sees its packages, tiers and systems by name. --json prints the value as JSON; --raw prints a string as it is, without quotes and line end.',
    options: [
      EXPRESSION,
      { long: 'strict', doc: 'evaluate everything inside the value' },
      { long: 'raw', doc: 'print a string as it is' },
      { long: 'xml', doc: 'print the value as XML, with the places of functions and attributes' },
      { long: 'no-location', doc: 'leave the places out of --xml' },
      { long: 'eval', doc: 'no effect; for those used to nix-instantiate' },
      ...EVALUATION,
    ],
    examples: [
      { command: "igos eval --expr '1 + 2'", says: 'prints 3' },
      {
        command: "igos eval examples/tour/v1 --expr 'map (p: p.name) (builtins.attrValues packages)' --strict",
        says: 'the names of a tree',
      },
    ],
  },
  {
    program: 'igos',
    name: 'repl',
    summary: 'evaluate expressions interactively',
    operands: '[FILE|TREE…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "Reads expressions and prints their values; nested sets and lists are cut short, and ':print' shows all. An input goes on while it is incomplete. 'NAME = EXPR' binds a name. The attributes of each FILE's value, the packages, tiers and systems of each TREE, and the attributes of each --expr are in scope by name; ':build NAME' builds one. ':?' lists the commands. On a terminal: Tab completes, the arrow keys go through the history ($XDG_STATE_HOME/igos/repl-history), Ctrl-C ends an input or an evaluation, Ctrl-D the session, and the exit status is 0. From a pipe or file, results go to standard output, errors to standard error, and the exit status is 1 if any input failed.",
    options: [
      { ...EXPRESSION, isRepeated: true, doc: 'put the attributes of this expression into scope' },
      ...EVALUATION.filter((option) => option.long !== 'attr'),
      JOBS,
      { long: 'keep-going', short: 'k', doc: 'after a failed build, build what does not depend on it' },
      { long: 'keep-failed', short: 'K', doc: 'keep the folder of a failed build, and say where it is' },
    ],
    examples: [
      { command: "printf 'x = 6\\nx * 7\\n' | igos repl", says: 'prints 42' },
      { command: 'igos repl examples/tour/v1', says: "a tree's names in scope: greet.version, :build greet" },
    ],
  },
  {
    program: 'igos',
    name: 'parse',
    summary: 'check the syntax of a file and print it in normal form',
    operands: '[FILE]',
    minOperands: 0,
    maxOperands: 1,
    description:
      'Prints the expression with every operator spelled out, as nix-instantiate --parse does, and exits 0; or prints every syntax error it finds and exits 1. FILE may be - for standard input. For a file of declarations the normal form of each field is printed.',
    options: [EXPRESSION, { long: 'pipes', doc: 'understand the |> and <| operators' }, ...LINT_OPTIONS],
    examples: [{ command: "igos parse --expr 'a: a.b or 1'", says: 'prints (a: (a).b or (1))' }],
  },
  {
    program: 'igos',
    name: 'fmt',
    summary: 'format files in place',
    operands: 'FILE|TREE…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Rewrites *.igos and *.nix files in one layout; folders are searched. Formatting keeps comments and meaning, and formatting twice changes nothing. A file with syntax errors is left as it is and reported. FILE may be -: standard input to standard output.',
    options: [{ long: 'check', doc: 'change nothing; exit 1 and name the files that would change' }],
    examples: [{ command: 'igos fmt --check examples/tour/v1', says: 'for a commit hook' }],
  },
  {
    program: 'igos',
    name: 'instantiate',
    isRemembered: true,
    summary: 'write the derivations of packages to the store and print their paths',
    operands: '[TREE[#NAME]…]',
    minOperands: 0,
    maxOperands: Infinity,
    description: `Evaluates packages to .drv files, adds their sources to the store, and prints one path a line; builds nothing. ${TREE_WORDS}`,
    options: [EXPRESSION, ...EVALUATION],
    examples: [{ command: 'igos instantiate examples/tour/v1#greet', says: 'prints /igos/store/…-greet-1.0.drv' }],
  },
  {
    program: 'igos',
    name: 'realize',
    aliases: ['build'],
    summary: 'build packages and print their output paths',
    operands: '[TREE[#NAME]…]',
    minOperands: 0,
    maxOperands: Infinity,
    description: `Builds in a sandbox whatever the store does not have yet, and prints the output paths, one a line, and nothing else on standard output. What is built already, under this or an equal key, is not built again. ${TREE_WORDS}`,
    options: [
      DRY_RUN,
      JOBS,
      CORES,
      { long: 'keep-going', short: 'k', doc: 'after a failure, build what does not depend on it' },
      { long: 'keep-failed', short: 'K', doc: 'keep the folder of a failed build, and say where it is' },
      ...PROGRESS_OPTIONS,
      { long: 'check', doc: 'build again what is there and compare, byte by byte' },
      ...LIMIT_OPTIONS,
      ...TRUST,
      { long: 'no-substitute', doc: 'ask no cache: build everything here' },
      {
        long: 'out-link',
        short: 'o',
        values: ['NAME'],
        doc: 'link to the outputs from here: NAME, NAME-dev, NAME-2, …; while the links are there, igos gc keeps the outputs',
      },
      { long: 'no-out-link', doc: 'make no links (default); for those used to nix-build' },
      EXPRESSION,
      ...EVALUATION,
    ],
    examples: [
      { command: 'igos realize examples/tour/v1', says: 'builds the tour' },
      { command: 'igos realize examples/from-source#bash --dry-run', says: 'what it would build and fetch, and why' },
    ],
  },
  {
    program: 'igos',
    name: 'phases',
    summary: 'build a whole tree phase by phase, or show how far it is',
    operands: 'TREE',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Runs the phases of a whole build in their fixed order: validate, verify-sources, setup, the tiers of the tree in theirs, config, manifest; then prints one line a phase with its state. What is done already is not done again: each package is known by what it depends on, so that a run that was stopped goes on where it was. A tier is the phase of its name; tiers with other names stand where the tree has them. The phases that make images are listed, and are not part of this version. The manifest is a file of the store that names every output with its hash.',
    options: [
      { long: 'from', values: ['PHASE'], doc: 'begin with this phase' },
      { long: 'until', values: ['PHASE'], doc: 'end with this phase' },
      { long: 'skip', values: ['PHASE'], isRepeated: true, doc: 'leave this phase out (also a list: desktop,ai)' },
      { ...DRY_RUN, doc: 'run nothing: only print the phases and how far each is' },
      JOBS,
      CORES,
      { long: 'keep-going', short: 'k', doc: 'after a failure, build what does not depend on it' },
      { long: 'keep-failed', short: 'K', doc: 'keep the folder of a failed build, and say where it is' },
      ...PROGRESS_OPTIONS,
      ...TRUST,
      { long: 'no-substitute', doc: 'ask no cache: build everything here' },
      ...EVALUATION,
    ],
    examples: [
      { command: 'igos phases examples/tour/v1 --dry-run', says: 'the phases, and how far each is' },
      {
        command: 'igos phases examples/tour/v1 --until core --skip verify-sources',
        says: 'validates, sets up, builds two tiers',
      },
    ],
  },
  {
    program: 'igos',
    name: 'show',
    summary: 'show a tree, a package or a derivation',
    operands: 'TREE[#NAME]|DRV',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Prints what a tree declares, tier by tier; the fields of one package, with its derivation; or the contents of a .drv file.',
    options: [...EVALUATION],
    examples: [{ command: 'igos show examples/tour/v1', says: 'the packages of a tree by tier' }],
  },
  {
    program: 'igos',
    name: 'develop',
    summary: 'open a shell in the environment that a package is built in',
    operands: 'TREE#NAME|DRV',
    minOperands: 1,
    maxOperands: 1,
    description:
      "Builds what the package needs, and opens a shell where it would be built itself: the same root, variables, user and sandbox. 'run-phase NAME…' runs phases as the build does (what it leaves out is set by the phases before), 'run-build' runs all of them; both are also there as run_phase and run_build. The shell is bash where the root has it, else sh. What is made in it goes with it: nothing is added to the store. Exit status: that of the shell.",
    options: [
      { long: 'command', short: 'c', values: ['CMD'], doc: 'run this command in place of a shell' },
      { long: 'unpack', short: 'u', doc: 'run the phases unpack and patch first, and stand in the sources' },
      JOBS,
      ...TRUST,
      { long: 'no-substitute', doc: 'ask no cache: build everything here' },
      ...EVALUATION,
    ],
    examples: [
      {
        command: "igos develop examples/tour/v1#greet --command 'run-phase unpack; echo greet-1.0/*'",
        says: 'looks at its sources',
      },
      { command: "igos develop examples/tour/v1#greet --unpack --command 'pwd'", says: 'prints /build/greet-1.0' },
    ],
  },
  {
    program: 'igos',
    name: 'log',
    summary: 'print the log of a build, or follow one that runs',
    operands: 'TREE#NAME|PATH',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Prints everything that the newest build of the derivation wrote, failed or not. PATH is that of a derivation, of an output that was built here, or a link to one. With --follow the output of a build that runs now, by whichever igos, is printed as it comes, until the build ends.',
    options: [{ long: 'follow', short: 'f', doc: 'print what a running build writes, until it ends' }, ...EVALUATION],
    examples: [
      { command: 'igos log examples/tour/v1#greet', says: 'the log of its build' },
      { command: 'igos log --follow examples/tour/v1#greet', says: 'in another terminal, while it is built' },
    ],
  },
  {
    program: 'igos',
    name: 'store path',
    summary: 'print the store path that a file or folder would get',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: 'Reads the file or tree and prints its content address as a store path; writes nothing.',
    options: [
      { long: 'name', values: ['NAME'], doc: "the name in the path (default: the file's)" },
      { long: 'flat', doc: 'hash the bytes of one file instead of the archive of a tree' },
    ],
    examples: [{ command: 'igos store path README.md', says: 'prints /igos/store/…-README.md' }],
  },
  {
    program: 'igos',
    name: 'store add',
    summary: 'add a file or folder to the store and print its path',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Copies the file or tree into the store, whole or not at all. Adding the same bytes again costs a read and changes nothing. With --nar each PATH is a Nix archive, or - for standard input, and the tree in it is added.',
    options: [
      { long: 'name', values: ['NAME'], doc: "the name in the path (default: the file's)" },
      { long: 'flat', doc: 'hash the bytes of one file instead of the archive of a tree' },
      { long: 'nar', doc: 'add the trees in Nix archives' },
    ],
    examples: [
      { command: 'igos store add README.md', says: 'prints the path' },
      { command: 'igos store dump docs | igos store add --nar --name docs -', says: 'the same as igos store add docs' },
    ],
  },
  {
    program: 'igos',
    name: 'store dump',
    summary: 'write a file or folder as a Nix archive to standard output',
    operands: 'PATH',
    minOperands: 1,
    maxOperands: 1,
    description:
      'The bytes are those of nix-store --dump. A PATH below the store folder is looked for where the store is on this machine. Memory does not grow with the size of files.',
    options: [],
    examples: [{ command: 'igos store dump docs | sha256sum', says: 'its NAR hash' }],
  },
  {
    program: 'igos',
    name: 'store restore',
    summary: 'unpack a Nix archive from standard input',
    operands: 'PATH',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Makes PATH, which must not be there yet, whole or not at all. Files get the metadata that they have in a store: read-only, and 1 s after 1970 as their time. An archive that breaks a rule of the format is refused and leaves nothing.',
    options: [{ long: 'from', values: ['FILE'], doc: 'read the archive from FILE' }],
    examples: [
      {
        command: 'igos store dump docs | igos store restore "$(mktemp -d)/copy"',
        says: 'the tree, as it would be in the store',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store verify',
    summary: 'check the store; exit 1 on damage',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Checks that every registered path is there with its references; with --contents that every file has the bytes, the mode and the time it was registered with. Prints one line a problem. With --repair what crashes left is removed, and damaged objects get their recorded bytes again: from the parts of them that are whole and from files that others share with them, else from caches, else by building them again. Nothing is exchanged for what does not have the recorded hash.',
    options: [
      { long: 'contents', doc: 'read and hash every file' },
      { long: 'repair', doc: 'remove leftovers and repair what is damaged; exit 1 only if something could not be' },
      { ...TRUST[0]!, doc: 'ask these caches for what --repair needs (added to those of etc/caches.conf)' },
    ],
    examples: [
      { command: 'igos store verify --contents', says: 'reads every byte' },
      { command: 'igos store verify --contents --repair', says: 'and repairs what it finds' },
    ],
  },
  {
    program: 'igos',
    name: 'store rebuild-index',
    summary: 'make a damaged index anew from the log of registrations',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Reads every object that was ever registered and is still there, and takes those over whose bytes have the recorded hash, with all that they refer to. What was not registered in the log, and is named by its content (sources, derivations, content-addressed outputs), is taken over as well, without its signatures and what is known of how it was built. The old index is moved aside. Signatures that were added to paths later are lost. Run it while nothing else uses the store. Exit status 1 if something was there and could not be taken over.',
    options: [],
    examples: [{ command: 'igos store rebuild-index', says: 'reads every byte of the store' }],
  },
  {
    program: 'igos',
    name: 'store clean',
    summary: 'remove what crashes left in the store',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Removes scratch folders, locks and unfinished logs of processes that are dead, names in the folder of the store that are not in its index, and files that only the pool of shared files holds. Nothing that is valid is touched; running builds go on.',
    options: [],
    examples: [{ command: 'igos store clean', says: 'prints what it removed' }],
  },
  {
    program: 'igos',
    name: 'store optimise',
    aliases: ['store optimize'],
    summary: 'make identical files of the store one',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Replaces files with equal bytes and an equal execute bit by names of one file, and says how much room that made. Only files that are to stand for others are read. What was done before is not looked at again. Safe at any time: it can be killed, and builds may run.',
    options: [],
    examples: [{ command: 'igos store optimise', says: 'prints what it saved' }],
  },
  {
    program: 'igos',
    name: 'why-depends',
    aliases: ['store why-depends'],
    summary: 'explain why one store path needs another',
    operands: 'FROM TO',
    minOperands: 2,
    maxOperands: 2,
    description:
      'Prints a shortest chain of references from the one to the other. Exit status 1 if there is none. FROM and TO are store paths, links to them, or packages of a tree that are built.',
    options: [
      { long: 'all', short: 'a', doc: 'every reference on any way between them, as a tree' },
      { long: 'precise', doc: 'and where in which file each reference stands' },
    ],
    examples: [
      {
        command:
          'igos why-depends $(igos instantiate examples/from-source#bash) $(igos instantiate examples/from-source#ncurses)',
        says: 'how a package comes to be built with another',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store roots',
    summary: 'list, add or remove what keeps paths in the store',
    operands: '[list | add LINK PATH | remove LINK…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "Lists the roots: their kind, where they come from, and the path that they keep with all it refers to. 'add' makes LINK a link to PATH; while it is there, igos gc keeps the path. 'remove' removes such a link.",
    options: [],
    examples: [
      { command: 'igos store roots add /tmp/root-kept examples/tour/v1#greet', says: 'keeps it until the link is removed' },
    ],
  },
  {
    program: 'igos',
    name: 'store why-live',
    aliases: ['why-live'],
    summary: 'explain why igos gc would keep a path',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Prints for each root that keeps the path a shortest chain from the root to it, nearest first. Exit status 1 if nothing keeps it.',
    options: [...KEEP_OPTIONS],
    examples: [{ command: 'igos store why-live /tmp/root-kept', says: 'names at least the link itself' }],
  },
  {
    program: 'igos',
    name: 'gc',
    aliases: ['store gc'],
    summary: 'remove from the store what nothing needs any more',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      "Removes every path that no root keeps, with what it refers to, and prints the paths. Roots are the links of --out-link, generations of roots that pkm manages (pkm gc lets go of old ones), links below var/gcroots and var/profiles of the store, whatever running builds and other commands of igos use, and what running programs have open. It is safe at any time: what another igos is about to use stays. 'igos store roots' lists the roots, 'igos store why-live' explains one path.",
    options: [
      DRY_RUN,
      {
        long: 'max-freed',
        values: ['SIZE'],
        doc: 'stop after so much: 500M, 10G; what is needed by nothing for longest goes first',
      },
      {
        long: 'older-than',
        values: ['AGE'],
        doc: 'result links and superseded generations of profiles that are older no longer count: 30d, 2w, 12h',
      },
      ...KEEP_OPTIONS,
    ],
    examples: [
      { command: 'igos gc --dry-run', says: 'what would go, and how much it is' },
      { command: 'igos gc --older-than 30d --max-freed 10G', says: 'makes room, and keeps what is new' },
    ],
  },
  {
    program: 'igos',
    name: 'key generate',
    summary: 'make a key to sign store paths with',
    operands: 'NAME',
    minOperands: 1,
    maxOperands: 1,
    description:
      "Prints a new secret key, in Nix's form. NAME says whose it is, like cache.example.org-1, and is part of each signature. With --output the secret goes to a new file that only you can read, and the public key is printed.",
    options: [
      { long: 'output', short: 'o', values: ['FILE'], doc: 'write the secret key to this new file, print the public one' },
    ],
    examples: [
      {
        command: 'igos key generate cache.example.org-1 -o /tmp/root-secret.key',
        says: 'prints what others put into trusted-public-keys',
      },
    ],
  },
  {
    program: 'igos',
    name: 'key public',
    summary: 'print the public key of a secret key',
    operands: 'FILE',
    minOperands: 1,
    maxOperands: 1,
    description: 'Reads a secret key from FILE (- for standard input) and prints its public key, for trusted-public-keys.',
    options: [],
    examples: [{ command: 'igos key public /tmp/root-secret.key', says: 'prints cache.example.org-1:…' }],
  },
  {
    program: 'igos',
    name: 'store sign',
    summary: 'sign paths of the store with a secret key',
    operands: '[PATH…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Adds a signature to each path; stores and caches that trust the key take such a path from anybody. A signature covers the name of the path, its content and what it refers to. Signing again with the same key changes nothing.',
    options: [
      { ...KEY_FILE, doc: 'the secret key, as made by igos key generate (needed)' },
      { long: 'all', doc: 'sign every path of the store' },
      { long: 'closure', doc: 'sign also what the paths refer to' },
    ],
    examples: [{ command: 'igos store sign -k /tmp/root-secret.key --all', says: 'signs whatever is there' }],
  },
  {
    program: 'igos',
    name: 'cache serve',
    summary: 'serve the store as a binary cache over HTTP',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Nix and igos can substitute from it until Ctrl-C. It reads only, and gives what is in the store to whoever asks: listen on other addresses than 127.0.0.1 only where that is meant. With a key everything is signed as it goes out. Compressed archives are kept under var/cache/nar of the home, up to --keep. Nix clients want a store of their folder: --store-dir /nix/store.',
    options: [
      { long: 'host', values: ['ADDRESS'], doc: 'listen on this address (default 127.0.0.1)' },
      { long: 'port', short: 'p', values: ['N'], doc: 'listen on this port (default 8080; 0 takes a free one)' },
      { ...KEY_FILE, isRepeated: true, doc: 'sign with this secret key' },
      { ...COMPRESSION, doc: 'how archives are offered (default zstd)' },
      { long: 'priority', values: ['N'], doc: 'caches with lower numbers are asked first (default 50)' },
      { long: 'keep', values: ['MIB'], doc: 'how much of compressed archives to keep (default 4096)' },
    ],
    examples: [],
  },
  {
    program: 'igos',
    name: 'cache push',
    summary: 'copy paths and all they refer to into a binary cache',
    operands: 'CACHE PATH…',
    minOperands: 2,
    maxOperands: Infinity,
    description: `Puts what is missing there, archives before what describes them, so that readers find whole closures only; and what is known of the builds. ${CACHE_WORDS} A folder becomes a cache by the first push.`,
    options: [
      { ...KEY_FILE, isRepeated: true, doc: 'sign with this secret key' },
      { ...COMPRESSION, doc: 'of the archives (default zstd)' },
      { long: 'listings', doc: 'write beside each path what is in it (.ls), for those who look without fetching' },
      { long: 'jobs', short: 'j', values: ['N'], doc: 'transfers at the same time (default 4)' },
    ],
    examples: [
      { command: 'igos cache push file:///tmp/root-cache $(igos store add README.md)', says: 'prints what was not there' },
    ],
  },
  {
    program: 'igos',
    name: 'cache pull',
    summary: 'copy paths and all they refer to out of a binary cache',
    operands: 'CACHE PATH…',
    minOperands: 2,
    maxOperands: Infinity,
    description: `Takes what this store does not have, checks each hash, and takes nothing that neither a trusted key signed nor its content proves. What broke off goes on where it was. From a cache of igos itself only files are sent that are nowhere in this store. The caches of --substituters and of the settings are asked for what CACHE does not have. ${CACHE_WORDS}`,
    options: [
      ...TRUST,
      { long: 'no-check-sigs', doc: 'take what nobody trusted signed; hashes are checked all the same' },
      { long: 'jobs', short: 'j', values: ['N'], doc: 'transfers at the same time (default 8)' },
    ],
    examples: [
      {
        command: 'igos cache pull file:///tmp/root-cache $(igos store add README.md) --home /tmp/root-other',
        says: 'prints what came',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store info',
    summary: 'print what the store knows of paths',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Hash, size, references, deriver and content address of store paths. With --size or --closure-size one line a path, with these sizes in bytes of archive.',
    options: [
      { long: 'closure', doc: 'and of everything that they refer to' },
      { long: 'recursive', short: 'r', doc: 'the same' },
      { long: 'size', short: 's', doc: "the size of each path's archive" },
      { long: 'closure-size', short: 'S', doc: 'the size of each path with all it refers to' },
    ],
    examples: [
      { command: 'igos store info -rsS $(igos instantiate examples/tour/v1#greet)', says: 'as nix path-info -rsS does' },
    ],
  },
  {
    program: 'igos',
    name: 'store list',
    summary: 'list the valid paths of the store, or the files of one path',
    operands: '[PATH]',
    minOperands: 0,
    maxOperands: 1,
    description: 'One path a line. With a PATH: its files, with kind, size and SHA-256.',
    options: [],
    examples: [],
  },
  {
    program: 'igos',
    name: 'store ls',
    summary: 'list what is in a store path, or in a folder of it',
    operands: 'PATH[/FILE]…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `Prints the entries of a folder, or the file or link that is named, from what was recorded when the path was added: nothing is read from its disk. With -l also kind, mode and size in bytes. ${PATH_WORDS}`,
    options: [
      { long: 'long', short: 'l', doc: 'show kind, mode, size and link targets' },
      { long: 'recursive', short: 'R', doc: 'also what is in the folders below' },
      { long: 'directory', short: 'd', doc: 'list a folder itself, not what is in it' },
    ],
    examples: [
      { command: 'igos store ls -lR examples/tour/v1#greet', says: 'every file of a built package' },
      { command: 'igos store ls examples/tour/v1#greet/usr/bin', says: 'one folder of it' },
    ],
  },
  {
    program: 'igos',
    name: 'store cat',
    summary: 'print files of store paths',
    operands: 'PATH/FILE…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `Writes the bytes of the files to standard output, one after the other, and compares them with the hash they were recorded with: exit status 1 where they changed. Links are not followed. ${PATH_WORDS}`,
    options: [],
    examples: [{ command: 'igos store cat examples/tour/v1#greet/usr/bin/greet', says: 'a script of a built package' }],
  },
  {
    program: 'igos',
    name: 'store diff',
    summary: 'compare two store paths, or their closures; exit 1 where they differ',
    operands: 'PATH PATH',
    minOperands: 2,
    maxOperands: 2,
    description: `Prints the files that only one of them has, and those with other contents, modes or targets, with sizes: + added, - removed, ~ changed. With -r the closures are compared package by package: versions before and after, and what that does to the size. Told from what was recorded; nothing is read from the disk. ${PATH_WORDS}`,
    options: [{ long: 'recursive', short: 'r', doc: 'compare closures, package by package' }],
    examples: [
      { command: 'igos store diff examples/tour/v1#greet examples/tour/v1#notes || true', says: 'files of one and the other' },
      {
        command: 'igos store diff -r examples/tour/v1#greet examples/tour/v1#notes || true',
        says: 'packages in one closure and not in the other',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store du',
    summary: 'show how much space store paths take',
    operands: '[PATH…]',
    minOperands: 0,
    maxOperands: Infinity,
    description: `One line a path, the largest first: its size as an archive; the size of its closure, likewise; what it takes on disk; and which part of that it shares by hard links with others, so that removing it would not free it. The last line is the sum, on disk, with each shared file counted once. Without a PATH: the whole store. ${PATH_WORDS}`,
    options: [
      { long: 'recursive', short: 'r', doc: 'also what they refer to' },
      {
        long: 'sort',
        values: ['BY'],
        choices: ['size', 'closure', 'disk', 'name'],
        doc: 'size, closure, disk or name (default: size)',
      },
      { long: 'bytes', short: 'b', doc: 'print bytes instead of KiB, MiB and GiB' },
      { long: 'max', short: 'n', values: ['N'], doc: 'print the first N lines only' },
    ],
    examples: [
      { command: 'igos store du -n 20', says: 'the twenty largest paths of the store' },
      { command: 'igos store du -r examples/tour/v1#greet', says: 'what a package brings along' },
    ],
  },
  {
    program: 'igos',
    name: 'store graph',
    summary: 'draw what store paths refer to',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `Prints the closure of the paths as a tree of text (what stands above is not repeated), as JSON, in the language of graphviz, or as a picture (SVG) to open in a browser: every path above what it refers to, with a bar for its size; pointing at a path shows its details and marks its lines. References that follow from others are left out, but for JSON, unless --all is given. ${PATH_WORDS}`,
    options: [
      {
        long: 'format',
        short: 'f',
        values: ['FORMAT'],
        choices: ['text', 'json', 'dot', 'svg'],
        doc: 'text (default), json, dot or svg; by default what the name of FILE ends with',
      },
      { long: 'output', short: 'o', values: ['FILE'], doc: 'write to this file instead of standard output' },
      { long: 'all', doc: 'draw references that follow from others too' },
      { long: 'referrers', doc: 'the other direction: what refers to the paths' },
    ],
    examples: [
      { command: 'igos store graph examples/tour/v1#greet', says: 'a tree of text' },
      { command: 'igos store graph --format svg examples/tour/v1#greet', says: 'a picture; with -o closure.svg into a file' },
    ],
  },
  {
    program: 'igos',
    name: 'store references',
    summary: 'print what store paths refer to',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `One path a line, sorted. A path that refers to itself is among them. ${PATH_WORDS}`,
    options: [
      { long: 'recursive', short: 'r', doc: 'the closure: the paths themselves, and all that they refer to through others' },
    ],
    examples: [
      {
        command: 'igos store references -r examples/tour/v1#greet',
        says: 'everything that has to be copied to use it elsewhere',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store referrers',
    summary: 'print what refers to store paths',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `One path a line, sorted. ${PATH_WORDS}`,
    options: [{ long: 'recursive', short: 'r', doc: 'the paths themselves, and all that refers to them through others' }],
    examples: [],
  },
  {
    program: 'igos',
    name: 'store deriver',
    summary: 'print the derivations that store paths were built from',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `One line a path: its .drv file, valid or not, or unknown-deriver. ${PATH_WORDS}`,
    options: [],
    examples: [],
  },
  {
    program: 'igos',
    name: 'store export',
    summary: 'write store paths as one archive',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description: `Writes an archive in the form of nix-store --export, so that igos store import and nix-store --import (of a store of the same folder) can take it. Every path stands behind what it refers to. What is read is compared with the recorded hash: a damaged path is not exported, and the exit status is 1. ${PATH_WORDS}`,
    options: [
      { long: 'recursive', short: 'r', doc: 'also all that the paths refer to: what another store needs' },
      { long: 'zstd', short: 'z', doc: 'compress; igos store import takes it as it is, zstd -d makes it fit for nix-store' },
      { long: 'output', short: 'o', values: ['FILE'], doc: 'write to this file, whole or not at all' },
    ],
    examples: [
      {
        command: 'igos store export -rz examples/tour/v1#greet | igos store import --home /tmp/root-imported',
        says: 'a package with all it needs into another store; over ssh, to another machine',
      },
    ],
  },
  {
    program: 'igos',
    name: 'store import',
    summary: 'add the paths of an archive to the store and print them',
    operands: '[FILE]',
    minOperands: 0,
    maxOperands: 1,
    description:
      'Reads an archive of igos store export or nix-store --export, compressed or not, from FILE or standard input. Every path is unpacked aside, hashed, and registered after what it refers to, which must be in the store or in the archive before it. A path that is named by its content proves itself; other paths (outputs of input-addressed derivations) are refused unless a trusted key signed them (igos store export writes the signatures that it knows; Nix reads over them) or --no-check-sigs is given.',
    options: [
      { long: 'trusted-key', values: ['KEY'], isRepeated: true, doc: 'believe signatures by this public key, NAME:BASE64' },
      { long: 'no-check-sigs', doc: 'take paths that are not named by their content on trust' },
    ],
    examples: [
      {
        command: 'igos store export -r examples/tour/v1#greet | igos store import',
        says: 'prints the paths, which are there already',
      },
    ],
  },
  ...depotCommands,
  {
    program: 'igos',
    name: 'lsp',
    summary: 'serve an editor: diagnostics, hover, completion, definitions, formatting',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Speaks the Language Server Protocol on standard input and output until the editor ends it. Editors start it; docs/editors.md says how, for some of them. Files are read as the editor holds them, trees of declarations as a whole; nothing is evaluated, built or written.',
    options: [
      { long: 'stdio', doc: 'the default, and the only way; understood because editors say it' },
      { long: 'pipes', doc: 'understand the |> and <| operators' },
    ],
    examples: [],
  },
  {
    program: 'igos',
    name: 'help',
    summary: 'explain a command, a declaration or an error code',
    operands: '[TOPIC…]',
    minOperands: 0,
    maxOperands: 3,
    description:
      'TOPIC is a command (realize, store add, pkm install), a declaration (package, tier, override, system, tree, split) whose fields it lists, a builtin function (map), or an error code (E-EVAL-001).',
    options: [],
    examples: [
      { command: 'igos help package', says: 'the fields of a package' },
      { command: 'igos help map', says: 'a builtin' },
    ],
  },
  {
    program: 'igos',
    name: 'completions',
    summary: 'print a completion script for a shell',
    operands: 'bash|zsh|fish',
    minOperands: 1,
    maxOperands: 1,
    description: 'Prints a script to be sourced; it completes commands and options of igos and pkm.',
    options: [],
    examples: [{ command: 'igos completions bash', says: 'for ~/.bashrc: source <(igos completions bash)' }],
  },
];
