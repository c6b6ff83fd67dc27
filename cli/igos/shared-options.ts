/** Options and words that several tables of commands share. */
import { further, type Option } from '../command.ts';
import { LINT_OPTIONS } from '../lints.ts';

export const JOBS: Option = {
  long: 'jobs',
  short: 'j',
  values: ['N'],
  doc: 'builds at the same time (default: the number of cores)',
};
export const CORES: Option = {
  long: 'cores',
  values: ['N'],
  doc: 'what each build is told to use, as NIX_BUILD_CORES (default, and 0: all)',
};
export const DRY_RUN: Option = { long: 'dry-run', short: 'n', doc: 'print the plan and change nothing' };

const IMPURE: Option = {
  long: 'impure',
  doc: 'let expressions see the environment, the clock, NIX_PATH, files anywhere, and what is fetched without a hash',
};
export const PIPES: Option = { long: 'pipes', doc: 'understand the |> and <| operators' };
const SYSTEM: Option = { long: 'system', values: ['SYSTEM'], doc: "the system to build for (default: this machine's)" };

/** Kernel images for Secure Boot. */
export const SIGNING: readonly Option[] = [
  { long: 'sign-key', values: ['FILE'], doc: 'sign the kernel image by this RSA key, in PEM' },
  { long: 'sign-certificate', values: ['FILE'], doc: 'its certificate, in PEM, and those that lead to it' },
  {
    long: 'passphrase-fd',
    values: ['N'],
    doc: 'read the passphrase of an encrypted key from file descriptor N (default: ask on the terminal)',
  },
];

/** Options of commands that evaluate trees of declarations only. */
export const TREE_EVALUATION: readonly Option[] = [IMPURE, PIPES, SYSTEM];

/** Options of every other command that evaluates; Nix's spellings. */
export const EVALUATION: readonly Option[] = [
  { long: 'attr', short: 'A', values: ['PATH'], isRepeated: true, doc: 'take this attribute of the value: a.b.0.c' },
  ...further([
    { long: 'arg', values: ['NAME', 'EXPR'], isRepeated: true, doc: 'call a function of named arguments with this expression' },
    { long: 'argstr', values: ['NAME', 'TEXT'], isRepeated: true, doc: 'the same with a string' },
    { long: 'arg-from-file', values: ['NAME', 'FILE'], isRepeated: true, doc: 'the same with what a file holds, as a string' },
  ]),
  {
    long: 'include',
    short: 'I',
    values: ['PATH'],
    isRepeated: true,
    doc: 'a search path entry for <name>: PATH or NAME=PATH; with --impure also the address of an archive',
  },
  IMPURE,
  ...further([
    { long: 'refresh', doc: 'ask servers again for what was fetched without a hash in the last hour (with --impure)' },
    SYSTEM,
    PIPES,
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
  ]),
];
/** Of commands that take trees alone, and could not choose an attribute. */
export const EVALUATION_OF_TREES: readonly Option[] = EVALUATION.filter(({ long }) => long !== 'attr');

export const EXPRESSION: Option = {
  long: 'expr',
  short: 'E',
  values: ['EXPR'],
  doc: 'evaluate this text instead of a file (in a tree: with its names in scope)',
};

export const TREE_WORDS =
  'TREE is a folder with *.igos files of declarations, or one such file; TREE#NAME is one package or system of it; TREE alone means all its packages. A *.nix or *.igos file with one expression is taken as well (its derivations, or those that -A names), found on the search path where it is written <NAME>, and so is the path of a .drv file, with ^OUTPUT,… behind it for some of its outputs.';

/** Of commands that take from caches. */
export const TRUST: readonly Option[] = further([
  { long: 'substituters', values: ['URL'], isRepeated: true, doc: 'ask these caches (added to those of etc/caches.conf)' },
  { long: 'trusted-key', values: ['KEY'], isRepeated: true, doc: 'believe signatures by this public key, NAME:BASE64' },
]);

/** For commands that look at what is in the store. */
export const PATH_WORDS = 'PATH is a store path, a link to one (result), or a package that is built: TREE#NAME.';
