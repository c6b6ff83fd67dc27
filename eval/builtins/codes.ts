import { defineCodes } from '../../base/index.ts';

/** Errors of the builtins; the evaluator proper has E-EVAL-0xx. */
export const builtinCodes = defineCodes({
  'E-EVAL-101': {
    title: 'list too short',
    explanation:
      'An element was asked for that the list does not have: the head or tail of an empty list, or an index past its end.',
    wrong: 'builtins.elemAt [ 1 2 ] 2',
    right: 'builtins.elemAt [ 1 2 ] 1',
  },
  'E-EVAL-102': {
    title: 'number out of range',
    explanation:
      'The builtin takes a number of a smaller range: a length is not negative, a float must fit an integer to be rounded to one.',
    wrong: 'builtins.genList (i: i) (-1)',
    right: 'builtins.genList (i: i) 3',
  },
  'E-EVAL-103': {
    title: 'lists of different lengths',
    explanation: 'The builtin pairs two lists, so they must be equally long.',
    wrong: 'builtins.replaceStrings [ "a" "b" ] [ "x" ] text',
    right: 'builtins.replaceStrings [ "a" "b" ] [ "x" "y" ] text',
  },
  'E-EVAL-104': {
    title: 'invalid regular expression',
    explanation:
      'Regular expressions are POSIX extended: no \\d, \\w or lookaround; a backslash stands only before one of . [ \\ ( ) * + ? { | ^ $. Character classes are written [[:digit:]], [[:space:]].',
    wrong: 'builtins.match "\\\\d+" text',
    right: 'builtins.match "[0-9]+" text',
  },
  'E-EVAL-105': {
    title: 'invalid JSON',
    explanation:
      'The text is not JSON (RFC 8259), or holds what the language cannot represent: integers past 64 bits, NUL characters.',
    wrong: 'builtins.fromJSON "{ \'a\': 1, }"',
    right: "builtins.fromJSON ''{ \"a\": 1 }''",
  },
  'E-EVAL-106': {
    title: 'invalid TOML',
    explanation: 'The text is not TOML 1.0, or holds a date or time, for which the language has no type.',
    wrong: 'builtins.fromTOML "a = b"',
    right: 'builtins.fromTOML "a = \\"b\\""',
  },
  'E-EVAL-107': {
    title: 'unknown word',
    explanation: 'The builtin takes one of a few words: a hash algorithm, a hash format, a way of hashing.',
    wrong: 'builtins.hashString "sha3" text',
    right: 'builtins.hashString "sha256" text',
  },
  'E-EVAL-108': {
    title: 'unexpected argument',
    explanation: 'The builtin takes a set with fixed attributes; one of those given is not among them.',
    wrong: 'builtins.path { path = ./x; nmae = "x"; }',
    right: 'builtins.path { path = ./x; name = "x"; }',
  },
  'E-EVAL-109': {
    title: 'evaluation aborted',
    explanation: 'The expression called abort. Unlike throw, it cannot be caught by tryEval.',
  },
  'E-EVAL-110': {
    title: 'attribute needed',
    explanation: 'A derivation needs name, system and builder; other builtins have needed attributes of their own.',
    wrong: 'derivation { name = "x"; builder = "/bin/sh"; }',
    right: 'derivation { name = "x"; builder = "/bin/sh"; system = builtins.currentSystem; }',
  },
  'E-EVAL-111': {
    title: 'invalid derivation',
    explanation:
      "The attributes contradict each other or a rule of derivations: outputs have different names and none is 'drvPath'; a fixed output is alone and named 'out'; names do not end in '.drv'.",
    wrong: 'derivation { name = "x"; outputs = [ "out" "out" ]; … }',
    right: 'derivation { name = "x"; outputs = [ "out" "dev" ]; … }',
  },
  'E-EVAL-112': {
    title: 'context not allowed here',
    explanation:
      'The string depends on something of the store that cannot be used here: a text made by toFile can refer to files of the store, but not to outputs that are not built yet.',
    wrong: 'builtins.toFile "x" "${drv}"',
    right: 'derivation { …; passAsFile = [ "text" ]; text = "${drv}"; }',
  },
  'E-EVAL-113': {
    title: 'fetch without a hash',
    explanation:
      'In pure evaluation, what comes from the network is named by its hash before it is fetched, so that it is the same for everyone. `igos store fetch URL` tells the hash, for `fetchTarball` with --unpack; an empty or false hash makes the build print the right one.',
    wrong: 'builtins.fetchurl "https://example.org/x.tar.gz"',
    right: 'builtins.fetchurl { url = "https://example.org/x.tar.gz"; sha256 = "…"; }',
  },
  'E-EVAL-114': {
    title: 'source is not what was declared',
    explanation: 'The hash given for a path of this machine is not the hash of what stands there.',
  },
  'E-EVAL-115': {
    title: 'bytes that no string holds',
    explanation:
      'Strings cannot hold the byte NUL; a file with such bytes can be copied to the store, but not read into a string.',
  },
  'E-EVAL-116': {
    title: 'not a function',
    explanation: 'functionArgs takes a function written in the language or a builtin.',
    wrong: 'builtins.functionArgs { }',
    right: 'builtins.functionArgs ({ a, b ? 1 }: a)',
  },
  'E-EVAL-117': {
    title: 'derivation not known',
    explanation:
      'A string depends on a derivation that this evaluation did not make and that is not in the store: its path was written down, or its file was removed.',
  },
  'E-EVAL-140': {
    title: 'warning with --abort-on-warn',
    explanation:
      'The code called builtins.warn, and the evaluation was asked to end there, so that its trace shows what led to the warning.',
  },
  'E-EVAL-141': {
    title: 'Git repository cannot be read',
    explanation:
      'fetchGit could not take a commit out of a repository: git is not installed, the repository or the commit is not there, or the network failed. What git said stands below. Or fetchTree asked a forge which commit a branch or tag is, and its answer has none.',
  },
  'E-EVAL-142': {
    title: 'fetch that is not pinned',
    explanation:
      'In pure evaluation, what is fetched must be named by its content: a Git commit by its rev, anything else by a hash, and the archive of a commit by both. A branch or a working tree may differ tomorrow.',
    wrong: 'builtins.fetchGit "https://example.org/x.git"',
    right: 'builtins.fetchGit { url = "https://example.org/x.git"; rev = "…"; }',
  },
  'E-EVAL-143': {
    title: 'fetch with a wrong argument',
    explanation:
      'An argument of fetchGit, fetchTree or a flake reference has the wrong form, or a form that is not supported here.',
    wrong: 'builtins.fetchGit { url = "https://example.org/x.git"; ref = "--upload-pack=x"; }',
    right: 'builtins.fetchGit { url = "https://example.org/x.git"; ref = "main"; }',
  },
});

export type BuiltinCode = keyof typeof builtinCodes;
