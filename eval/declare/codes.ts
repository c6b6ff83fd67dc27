import { defineCodes } from '../../base/index.ts';

/** What can be wrong with declarations. */
export const declarationCodes = defineCodes({
  'E-DECL-001': {
    title: 'unknown field',
    explanation: 'A declaration has a field that its kind does not know. `igos help package` lists the fields.',
    wrong: 'package zlib "1.3.2" { sumary = "…"; }',
    right: 'package zlib "1.3.2" { summary = "…"; }',
  },
  'E-DECL-002': {
    title: 'missing field',
    explanation: 'A field without which the declaration means nothing is not there, neither in it nor in what it overrides.',
    wrong: 'tier core { }',
    right: 'tier core { summary = "Essential libraries"; }',
  },
  'E-DECL-003': {
    title: 'wrong type of a field',
    explanation: 'The value of a field is not of the shape that the field has.',
    wrong: 'build = "gcc make";',
    right: 'build = [ gcc make ];',
  },
  'E-DECL-004': {
    title: 'no such tier',
    explanation: 'The tier named is not declared in the tree.',
    wrong: 'tier = coer;',
    right: 'tier = core;',
  },
  'E-DECL-005': {
    title: 'declared twice',
    explanation: 'Two declarations of a kind have one name. One must go, or be an `override` of the other.',
    wrong: 'package zlib "1.3.2" { … }  package zlib "1.3.3" { … }',
    right: 'package zlib "1.3.2" { … }  override zlib { version = "1.3.3"; }',
  },
  'E-DECL-006': {
    title: 'not a package',
    explanation: 'Dependencies are packages of the tree, named without quotes.',
    wrong: 'runtime = [ "glibc" ];',
    right: 'runtime = [ glibc ];',
  },
  'E-DECL-007': {
    title: 'bad name or version',
    explanation:
      'Names and versions become parts of store paths and file names: letters, digits and + . _ - (versions also ? and =), beginning with a letter or digit.',
    wrong: 'package "my zlib" "1.3" { … }',
    right: 'package my-zlib "1.3" { … }',
  },
  'E-DECL-008': {
    title: 'supersedes itself',
    explanation: 'A package names itself, or packages supersede each other in a circle, so that none is the successor.',
    wrong: 'package zlib "1.3" { supersedes = [ zlib ]; }',
    right: 'package zlib "1.3" { supersedes = [ zlib-pass1 ]; }',
  },
  'E-DECL-009': {
    title: 'dependency cycle',
    explanation:
      'To build a package, that package itself would be needed. Bootstrap with a variant that needs less (`gcc-pass1`), superseded by the whole one. Cycles among `runtime` alone are fine.',
    wrong: 'package a "1" { build = [ b ]; }  package b "1" { build = [ a ]; }',
    right:
      'package a-pass1 "1" { }  package b "1" { build = [ a-pass1 ]; }  package a "1" { build = [ b ]; supersedes = [ a-pass1 ]; }',
  },
  'E-DECL-010': {
    title: 'name clash of a split',
    explanation:
      'A split is a package of its own, and an output of its parent: its name must be free in the tree and a usable name of a shell variable.',
    wrong: 'package zlib-dev "1" { … }  package zlib "1" { split dev { … } }',
    right: 'package zlib "1" { split headers { … } }',
  },
  'E-DECL-011': {
    title: 'override of nothing',
    explanation: 'An `override` names something that neither this tree nor the trees below declare.',
    wrong: 'override zlibb { version = "1.3.3"; }',
    right: 'override zlib { version = "1.3.3"; }',
  },
  'E-DECL-012': {
    title: 'dynamic field name',
    explanation: 'The names of fields are known before anything is evaluated, so they cannot be computed.',
    wrong: 'package zlib "1" { ${"sum" + "mary"} = "…"; }',
    right: 'package zlib "1" { summary = "…"; }',
  },
  'E-DECL-013': {
    title: 'nothing to install',
    explanation: 'A package with neither a style nor `phases.install` would have an empty output.',
    wrong: 'package hello "1" { tier = core; summary = "…"; }',
    right: 'package hello "1" { tier = core; summary = "…"; phases.install = "…"; }',
  },
  'E-DECL-014': {
    title: 'misplaced tree declaration',
    explanation: 'A tree says once what it is, in the file `tree.igos` at its top.',
    wrong: 'core/zlib.igos: tree { name = "x"; }',
    right: 'tree.igos: tree { name = "x"; }',
  },
  'E-DECL-015': {
    title: 'not a tree',
    explanation: 'The argument is a folder with declarations below it, or one file of declarations.',
    wrong: 'igos realize ./empty-folder',
    right: 'igos realize ./my-tree',
  },
  'E-DECL-016': {
    title: 'trees laid over each other in a circle',
    explanation: 'A tree is laid, by way of others, over itself.',
    wrong: 'a/tree.igos: over = [ ../b ]; b/tree.igos: over = [ ../a ];',
    right: 'b/tree.igos: over = [ ];',
  },
  'E-DECL-017': {
    title: 'no such name in the tree',
    explanation: 'What was asked for is neither a package nor a system of the tree.',
    wrong: 'igos realize tree#zlb',
    right: 'igos realize tree#zlib',
  },
  'E-DECL-018': {
    title: 'tiers in a circle',
    explanation: 'Tiers come after each other in a circle, so that none is first.',
    wrong: 'tier a { after = [ b ]; }  tier b { after = [ a ]; }',
    right: 'tier a { }  tier b { after = [ a ]; }',
  },
  'E-DECL-019': {
    title: 'reserved environment variable',
    explanation: 'The build sets these variables itself.',
    wrong: 'env.out = "/tmp";',
    right: 'env.CFLAGS = "-O2";',
  },
  'E-DECL-020': {
    title: 'cannot make a source from this',
    explanation:
      '`fetchurl` needs where a file is (`url`, `urls` or `debian`) and the hash of what must arrive (`sha256` or `hash`).',
    wrong: 'fetchurl { url = "https://…"; }',
    right: 'fetchurl { url = "https://…"; sha256 = "…"; }',
  },
  'E-DECL-040': {
    title: 'not a lock file of a seed',
    explanation:
      'The file that `lock` of `style = debianSeed { … }` names is not what `igos seed lock` writes: it was edited by hand, or merged wrongly.',
    wrong: 'style = debianSeed { lock = ./tree.igos; packages = [ "gcc" ]; };',
    right: 'style = debianSeed { lock = ./seed.lock; packages = [ "gcc" ]; };',
  },
  'E-DECL-041': {
    title: 'not locked',
    explanation:
      'A seed names Debian packages, and its lock file does not hold them yet: it was never written, or before the package was named. `igos seed lock TREE` writes what is missing and keeps the rest.',
    wrong: 'igos realize my-tree',
    right: 'igos seed lock my-tree && igos realize my-tree',
  },
});

export type DeclarationCode = keyof typeof declarationCodes;
