import { defineCodes } from '../base/index.ts';

export const cliCodes = defineCodes({
  'E-CLI-001': {
    title: 'what evaluation needs cannot be had',
    explanation:
      'The expression imports or reads what a derivation builds (import from derivation), and that build failed; or it fetches something without a hash, which could not be fetched. The error itself stands above this one.',
  },
  'E-CLI-002': {
    title: 'no such file or tree',
    explanation: 'What was named on the command line does not exist. A tree is a folder, or one file of declarations.',
    wrong: 'igos realize example/tour',
    right: 'igos realize examples/tour/v1',
  },
  'E-CLI-003': {
    title: 'not a derivation',
    explanation:
      'The expression was to be built, but its value is neither a derivation nor a set or list with derivations in it.',
    wrong: "igos realize --expr '1 + 1'",
    right: 'igos realize --expr \'derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; }\'',
  },
  'E-CLI-005': {
    title: 'nothing to show',
    explanation: 'The topic is neither a command, nor a declaration, nor a builtin function, nor an error code.',
    wrong: 'igos help pakage',
    right: 'igos help package',
  },
  'E-CLI-006': {
    title: '--raw prints strings',
    explanation: '--raw prints a string as it is; the value is something else.',
    wrong: "igos eval --raw --expr '[ 1 ]'",
    right: "igos eval --raw --expr 'toString [ 1 ]'",
  },
  'E-CLI-007': {
    title: 'nothing of the tree is installed',
    explanation:
      'pkm upgrade TREE brings installed packages to what the tree declares, and none of the installed ones is declared there.',
  },
  'E-CLI-011': {
    title: 'no such root',
    explanation:
      'The folder that --root names is not there. A question about it would be answered as if nothing were installed; only what installs makes a root.',
    wrong: 'pkm --root /mnt/sytem verify',
    right: 'pkm --root /mnt/system verify',
  },
  'E-CLI-020': {
    title: 'no such command of the repl',
    explanation: 'A line that begins with a colon is a command of the repl. `:?` lists them.',
    wrong: ':quti',
    right: ':quit',
  },
  'E-CLI-021': {
    title: 'a command of the repl was given the wrong words',
    explanation: 'The command takes something else: an expression, a file, or nothing. `:?` shows what.',
    wrong: ':te maybe',
    right: ':te on',
  },
  'E-CLI-022': {
    title: 'nothing to edit',
    explanation:
      '`:e` opens the file that a function, a package or an attribute is defined in, or that a path names. This value is defined in no file: it comes from a builtin, or was typed here.',
    wrong: ':e builtins.map',
    right: ':e ./default.nix',
  },
  'E-CLI-023': {
    title: 'nothing is written about it',
    explanation:
      '`:doc` shows the documentation of builtins, of what a tree can declare, and of values whose definition has a comment `/** … */` in front of it.',
    wrong: ':doc 1 + 1',
    right: ':doc builtins.map',
  },
  'E-CLI-024': {
    title: 'the editor failed',
    explanation: '`:e` runs what the variables VISUAL or EDITOR name. It could not be started, or said that it failed.',
  },
  'E-CLI-062': {
    title: 'configuration that was not edited to its end',
    explanation:
      'Lines between "<<<<<<< yours" and ">>>>>>> the package\'s" were changed on both sides. What shall stand there is for you to say: write it, and remove the marks. What is no text cannot be edited.',
  },
  'E-CLI-040': {
    title: 'package not built',
    explanation:
      'The command looks at what is in the store. The package is declared, but its outputs are not there yet, or were collected.',
    wrong: 'igos store du examples/tour/v1#greet',
    right: 'igos realize examples/tour/v1#greet && igos store du examples/tour/v1#greet',
  },
  'E-CLI-041': {
    title: 'no such file in a store path',
    explanation: 'The store path is valid, and has no file of that name. Names are compared byte by byte.',
    wrong: 'igos store cat /igos/store/…-greet-1.0/bin/greet',
    right: 'igos store cat /igos/store/…-greet-1.0/usr/bin/greet',
  },
  'E-CLI-042': {
    title: 'not a file to print',
    explanation:
      'Only files have bytes that could be printed: folders have entries, and links of the store are shown, not followed.',
    wrong: 'igos store cat /igos/store/…-greet-1.0',
    right: 'igos store ls -R /igos/store/…-greet-1.0',
  },
  'E-CLI-043': {
    title: 'graph too large for a picture',
    explanation: 'A picture of thousands of boxes shows nothing. The other forms have no limit.',
    wrong: 'igos store graph --format svg /igos/store/…-system',
    right: 'igos store graph --format dot /igos/store/…-system',
  },
  'E-CLI-009': {
    title: 'the same build gave other bytes',
    explanation:
      'igos realize --check built again what was there, and the output differs: the build depends on the time, on chance, or on the machine. The differing files are listed.',
  },
  'E-CLI-090': {
    title: 'a phase that this version does not have',
    explanation: 'Phases that make images were listed and could not be run. Now they are.',
    retired: true,
  },
  'E-CLI-091': {
    title: 'a name in a command line that stands for nothing',
    explanation:
      'Between two @ in the command line of a system stands the name of something that is known of its image: its root hash, its partitions. docs/images.md lists them.',
    wrong: 'boot.commandLine = "roothash=@hash@";',
    right: 'boot.commandLine = "roothash=@rootHash@";',
  },
  'E-CLI-092': {
    title: 'a package without what a system starts',
    explanation:
      'A package that a system names in `boot` as its kernel or stub has no file of such a name, or several, and igos does not choose among them.',
    wrong: 'boot = { kernel = bash; stub = systemd-stub; };',
    right: 'boot = { kernel = linux; stub = systemd-stub; };',
  },
  'E-CLI-093': {
    title: 'a system that does not say how it starts',
    explanation:
      'What firmware starts is made of a kernel, a stub, a first root and a command line: the field `boot` of the system names them. A squashfs and an ext4 need none of these.',
    wrong: 'system small { packages = [ bash ]; }',
    right: 'system small { packages = [ bash ]; boot = { kernel = linux; stub = systemd-stub; }; }',
  },
  'E-CLI-094': {
    title: 'a disc of a system whose root is written to',
    explanation:
      'Nothing can be written to a disc, and the kernel image of a system with `boot.root = "ext4"` looks for a partition of a disk. What starts from discs too is a system of its own, which may have the same packages.',
    wrong: 'igos image TREE#server --format iso',
    right: 'igos image TREE#server --format disk',
  },
  'E-CLI-095': {
    title: 'a path that the EFI partition cannot hold',
    explanation:
      'What the packages of a system with `boot.esp` have below `/efi` goes to the partition that firmware starts from. Its file system has files and folders, and no symlinks.',
  },
  'E-CLI-096': {
    title: 'a kernel image that nobody would sign',
    explanation:
      'The kernel image that firmware starts is signed, and the one that takes its place would not be: firmware that takes only what is signed would start nothing any more. The key stays where it is; it is read for the signature only.',
    wrong: 'pkm switch TREE#keeper',
    right: 'pkm switch TREE#keeper --sign-key db.key --sign-certificate db.crt',
  },
  'E-CLI-008': {
    title: 'not in the store',
    explanation: 'The store path is well formed, but this store does not have it.',
  },
  'E-CLI-080': {
    title: 'not one package to develop',
    explanation: 'A shell stands in the environment of one build: the operand must name one package, and one that is built.',
    wrong: 'igos develop examples/tour/v1',
    right: 'igos develop examples/tour/v1#greet',
  },
  'E-CLI-070': {
    title: 'no seed to lock',
    explanation:
      '`igos seed lock` writes down which Debian packages the seeds of a tree are made of, and no package of the tree is a seed.',
    wrong: 'igos seed lock examples/tour/v1',
    right: 'igos seed lock examples/from-source',
  },
  'E-CLI-071': {
    title: 'a lock file is not current',
    explanation:
      '`igos seed lock --check` looks whether writing the lock file again would change it: the tree names other packages, or the lists offer other versions.',
  },
});
