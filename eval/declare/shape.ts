/**
 * The shapes a field can have, each with the words that errors and docs use for it. What checks them is `check-field.ts`; a
 * shape without a case there is a type error.
 */
export const SHAPES = {
  line: 'a string of one line',
  text: 'a string',
  bool: 'true or false',
  release: 'a whole number from 1',
  version: 'a version: letters, digits and + . _ ? = -, beginning with a letter or digit',
  tier: 'a tier',
  tiers: 'a list of tiers',
  packages: 'a list of packages',
  names: 'a list of packages or of names in quotes',
  strings: 'a list of strings',
  patterns: 'a list of patterns relative to the root, without leading / and without ..',
  sources: 'a source (fetchurl { … }, a path, any derivation, or { file = …; } around one) or a list of sources',
  paths: 'a list of files: paths, fetchurl { … } or derivations, or { file = …; } around one',
  style: 'a build style: autotools, cmake, meson, make, python, cargo, custom, hostTools, debianSeed or one of makeStyle',
  phases: 'a set of shell texts, named by phase (or preNAME, postNAME)',
  check: 'true, false, { skip = "why"; } or { knownFailures = "why"; }',
  references: '"report", "fail" or "allow"',
  memory: 'an amount of memory: a number and MiB or GiB',
  compiler: '"c", "make", "python" or "rust"',
  environment: 'a set of strings, named like shell variables',
  modes: 'a set of octal modes in quotes, named by path: { "usr/bin/su" = "4755"; }',
  capabilities: 'a set of file capabilities, named by path: { "usr/bin/ping" = "cap_net_raw=ep"; }',
  triggers: 'a set of triggers by name: { NAME = { paths = [ … ]; run = …; fatal = false; }; }',
  services: 'a set of "enable" or "disable", named by service',
  files: 'a set of texts, named by path below /etc',
  boot: 'a set of how it starts: { kernel = …; stub = …; initrd = [ … ]; commandLine = "…"; root = "…"; esp = "…"; }',
  trees: 'a list of paths to trees',
  globs: 'a list of packages, or of names and patterns (with *) in quotes',
  probes: 'a list of "pkgconfig(NAME)", "library(NAME)", "header(FILE)", "program(NAME)" or "cmake(NAME)"',
  reasons: 'a set of reasons, named by package',
  data: 'a set of plain data: text, numbers, true, false, null, lists and sets of them',
  waivers: 'a set of { reason = "…"; approver = "…"; expires = "YYYY-MM-DD"; }, named by gate',
  path: 'a path, without quotes',
  links: 'a set of targets of links, named by path: { "usr/bin/cc" = "gcc"; }',
} as const;

export type ShapeName = keyof typeof SHAPES;

/** What stands inside a shape that holds several things. */
export const ITEMS: Partial<Record<ShapeName, string>> = {
  tiers: 'a tier',
  packages: 'a package',
  names: 'a package, or a name in quotes',
  strings: 'a string',
  patterns: 'a pattern relative to the root, without leading / and without ..',
  sources: 'fetchurl { … }, a path, a derivation, or { file = …; into = …; unpack = …; }',
  paths: 'a path, fetchurl { … }, a derivation, or { file = …; strip = …; }',
  phases: 'shell text for one of the phases, or before (preNAME) or after one (postNAME)',
  check: '{ skip = "why"; } or { knownFailures = "why"; }',
  environment: 'a string, a number or a boolean for a variable of the shell',
  modes: 'an octal mode in quotes for a path below the root: { "usr/bin/su" = "4755"; }',
  capabilities: 'capabilities as setcap takes them, for a path below the root: { "usr/bin/ping" = "cap_net_raw=ep"; }',
  triggers: '{ paths = [ … ]; run = "…"; } with patterns relative to the root, and shell text or a list of words',
  services: '"enable" or "disable" for a service',
  files: 'a text for a path below /etc',
  boot: 'a package as kernel and stub, a list of packages as initrd, a string of one line as commandLine, "squashfs" or "ext4" as root, "/efi" as esp',
  trees: 'a path to a tree',
  links: 'the target of a link, in quotes, for a path below the root',
  globs: 'a package, or a name or pattern in quotes',
  probes: 'a kind of name and the name: "pkgconfig(glib-2.0)"',
  reasons: 'a reason for a package',
  waivers: '{ reason = "…"; approver = "…"; expires = "YYYY-MM-DD"; } for a gate',
};

/** One field of a declaration: what is checked, and what is printed about it. */
export interface FieldSpec {
  readonly name: string;
  readonly shape: ShapeName;
  readonly isRequired?: true;
  /** As text for the docs; what happens without the field. */
  readonly default?: string;
  /** An override adds to what stands below, key by key (`null` takes a key away), instead of replacing it. */
  readonly isMerged?: true;
  readonly doc: string;
  /** The value as written. */
  readonly example: string;
}
