/** The commands of `igos`. Texts are read by people: change them here, and run `npm run docs`. */
import { type Command, further, type Option } from '../command.ts';
import { depotCommands } from '../depot-table.ts';
import { LIMIT_OPTIONS } from '../limit-options.ts';
import { LINT_OPTIONS } from '../lints.ts';
import { PROGRESS_OPTIONS } from '../progress/options.ts';
import { cachesCommands } from './caches-table.ts';
import { AUDITS, gatesCommands } from './gates-table.ts';
import { IMAGE_OPTIONS, PUBLICATION } from './publishing-table.ts';
import { CORES, DRY_RUN, EVALUATION, EVALUATION_OF_TREES, EXPRESSION, JOBS, PIPES, TREE_WORDS, TRUST } from './shared-options.ts';
import { storeCommands } from './store-table.ts';

export const igosCommands: readonly Command[] = [
  {
    program: 'igos',
    name: 'eval',
    isRemembered: true,
    summary: 'print the value of an expression, a file or a tree',
    operands: '[FILE|TREE…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Evaluates lazily and prints the value as Nix does: what was not needed shows as <CODE> (in XML as <unevaluated />), unless --strict asks for all of it. Nothing is built or written, except where an expression imports what a derivation builds, or with --read-write-mode. A FILE written <NAME> is found on the search path. A function is printed as one, unless --arg or --argstr give it arguments; one on the way of --attr is called with its defaults. With a TREE and --expr, the expression sees its packages, tiers and systems by name. --json prints the value as JSON; --raw prints a string as it is, without quotes and line end. Of --json, --raw and --xml it takes one. Of several FILEs, and of several --attr, each value is printed, in that order.',
    options: [
      EXPRESSION,
      { long: 'strict', doc: 'evaluate everything inside the value' },
      { long: 'raw', doc: 'print a string as it is' },
      { long: 'xml', doc: 'print the value as XML, with the places of functions and attributes' },
      { long: 'no-location', doc: 'leave the places out of --xml' },
      ...further([{ long: 'eval', doc: 'no effect; for those used to nix-instantiate' }]),
      { long: 'read-write-mode', doc: 'write what the value names to the store: sources, texts, derivations' },
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
      ...EVALUATION_OF_TREES,
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
    options: [EXPRESSION, PIPES, ...LINT_OPTIONS],
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
      'Rewrites *.igos and *.nix files in one layout; folders are searched. Formatting keeps comments and meaning, and formatting twice changes nothing. A file with syntax errors is left as it is and reported. Of a FILE that is a symlink the file that it leads to is rewritten; those in folders are passed over. FILE may be -: standard input to standard output.',
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
      {
        long: 'keep-failed',
        short: 'K',
        doc: 'keep the folder of a failed build, or what --check finds different, and say where it is',
      },
      ...PROGRESS_OPTIONS,
      { long: 'check', doc: 'build again what is there and compare, byte by byte (in detail where diffoscope is installed)' },
      ...LIMIT_OPTIONS,
      ...TRUST,
      ...further([{ long: 'no-substitute', doc: 'ask no cache: build everything here' }]),
      {
        long: 'out-link',
        short: 'o',
        values: ['NAME'],
        doc: 'link to the outputs from here: NAME, NAME-dev, NAME-2, …; while the links are there, igos gc keeps the outputs',
      },
      ...further([{ long: 'no-out-link', doc: 'make no links (default); for those used to nix-build' }]),
      {
        long: 'watch',
        short: 'w',
        doc: 'do it again whenever something that evaluation read changes, until Ctrl-C: far quicker than a new run, as nothing has to be started or compiled',
      },
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
      'Runs the phases of a whole build in their fixed order: validate, verify-sources, setup, the tiers of the tree in theirs, config, with --images those that make images, manifest, and with --publish at last publish; then prints one line a phase with its state. The phase validate runs the gates of igos check, and ends here if one fails. What is done already is not done again: each package is known by what it depends on, so that a run that was stopped goes on where it was. A tier is the phase of its name; tiers with other names stand where the tree has them. With --images each system of the tree becomes a squashfs, and where it says how it starts a hash tree, a kernel image and an ISO 9660 image too, as by igos image; one whose root is written to becomes an ext4, a kernel image and a disk. The manifest is a file of the store that names every output with its hash. Publishing writes an archive of each package that ships into a folder, indexed and signed as by igos repo build: what pkm sync takes.',
    options: [
      { long: 'from', values: ['PHASE'], doc: 'begin with this phase' },
      { long: 'until', values: ['PHASE'], doc: 'end with this phase' },
      { long: 'skip', values: ['PHASE'], isRepeated: true, doc: 'leave this phase out (also a list: desktop,ai)' },
      { ...DRY_RUN, doc: 'run nothing: only print the phases and how far each is' },
      { long: 'publish', values: ['DIR'], doc: 'write archives of what ships, with an index that --key signs, into this folder' },
      { long: 'images', values: ['DIR'], doc: 'write images of the systems of the tree into this folder' },
      ...further(IMAGE_OPTIONS.map((option): Option => ({ ...option, doc: `with --images: ${option.doc}` }))),
      // -k is --keep-going here.
      ...further(PUBLICATION.map(({ short: _, ...option }): Option => ({ ...option, doc: `with --publish: ${option.doc}` }))),
      AUDITS,
      JOBS,
      CORES,
      { long: 'keep-going', short: 'k', doc: 'after a failure, build what does not depend on it' },
      { long: 'keep-failed', short: 'K', doc: 'keep the folder of a failed build, and say where it is' },
      ...PROGRESS_OPTIONS,
      ...LIMIT_OPTIONS,
      ...TRUST,
      ...further([{ long: 'no-substitute', doc: 'ask no cache: build everything here' }]),
      ...EVALUATION_OF_TREES,
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
      'Prints what a tree declares, tier by tier; the fields of one package, with where its sources come from and its derivation; or the contents of a .drv file.',
    options: [
      {
        long: 'names',
        doc: 'of a tree: only the names of its packages and systems, one a line, from the texts alone: nothing is evaluated (what shells complete behind TREE#)',
      },
      ...EVALUATION,
    ],
    examples: [{ command: 'igos show examples/tour/v1', says: 'the packages of a tree by tier' }],
  },
  ...gatesCommands,
  {
    program: 'igos',
    name: 'develop',
    prints: 'what runs in the shell',
    summary: 'open a shell in the environment that a package is built in',
    operands: 'TREE#NAME|DRV [-- CMD [ARG…]]',
    runsCommands: true,
    minOperands: 1,
    maxOperands: 1,
    description:
      "Builds what the package needs, and opens a shell where it would be built itself: the same root, variables, user and sandbox. 'run-phase NAME…' runs phases as the build does (what it leaves out is set by the phases before), 'run-build' runs all of them; both are also there as run_phase and run_build. The shell is bash where the root has it, else sh; from a pipe it reads a script. A command behind -- runs in place of it, word by word as it stands there. What is made in it goes with it: nothing is added to the store. Exit status: that of the shell.",
    options: [
      { long: 'command', short: 'c', values: ['CMD'], doc: 'run this line of the shell in place of one' },
      { long: 'unpack', short: 'u', doc: 'run the phases unpack and patch first, and stand in the sources' },
      JOBS,
      ...TRUST,
      ...further([{ long: 'no-substitute', doc: 'ask no cache: build everything here' }]),
      ...EVALUATION,
    ],
    examples: [
      {
        command: "igos develop examples/tour/v1#greet --command 'run-phase unpack; echo greet-1.0/*'",
        says: 'looks at its sources',
      },
      { command: 'igos develop examples/tour/v1#greet --unpack -- pwd', says: 'prints /build/greet-1.0' },
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
      'Prints everything that the newest build of the derivation wrote, failed or not. PATH is that of a derivation, of an output that was built here, or a link to one. With --follow the output of a build that runs now, by whichever igos, is printed as it comes, until the build ends; there is no --json of that.',
    options: [{ long: 'follow', short: 'f', doc: 'print what a running build writes, until it ends' }, ...EVALUATION],
    examples: [
      { command: 'igos log examples/tour/v1#greet', says: 'the log of its build' },
      { command: 'igos log --follow examples/tour/v1#greet', says: 'in another terminal, while it is built' },
    ],
  },
  ...storeCommands,
  ...cachesCommands,
  ...depotCommands,
  {
    program: 'igos',
    name: 'lsp',
    prints: 'the messages of a protocol',
    summary: 'serve an editor: diagnostics, hover, completion, definitions, formatting',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Speaks the Language Server Protocol on standard input and output until the editor ends it. Editors start it; docs/editors.md says how, for some of them. Files are read as the editor holds them, trees of declarations as a whole; nothing is evaluated, built or written.',
    options: [{ long: 'stdio', doc: 'the default, and the only way; understood because editors say it' }, PIPES],
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
      'TOPIC is a command (realize, store add, pkm install), a declaration (package, tier, override, system, tree, split) whose fields it lists, a builtin function (map), or an error code (E-EVAL-001). With --json and no TOPIC it prints the table of all commands of igos and pkm as data: names, operands, options and summaries (docs/json.md).',
    options: [],
    examples: [
      { command: 'igos help package', says: 'the fields of a package' },
      { command: 'igos help map', says: 'a builtin' },
    ],
  },
  {
    program: 'igos',
    name: 'completions',
    prints: 'a shell script',
    summary: 'print a completion script for a shell',
    operands: 'bash|zsh|fish',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Prints a script to be sourced; it completes commands, options, their values, files, what a tree declares behind TREE#, and packages for pkm. That for zsh may also stand as _igos in a folder of its fpath.',
    options: [],
    examples: [
      { command: 'igos completions bash', says: 'for ~/.bashrc: source <(igos completions bash)' },
      { command: 'igos completions zsh', says: 'for ~/.zshrc: source <(igos completions zsh)' },
      { command: 'igos completions fish', says: 'for ~/.config/fish/config.fish: igos completions fish | source' },
    ],
  },
];
