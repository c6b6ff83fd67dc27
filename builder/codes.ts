import { defineCodes } from '../base/index.ts';

/** Errors of builds. Numbers are never given twice. */
export const buildCodes = defineCodes({
  'E-BUILD-001': {
    title: 'the build failed',
    explanation:
      'The builder of a derivation ended with an exit status other than 0, or was killed. The last lines of its output are shown; the whole log is kept. Nothing was added to the store.',
    wrong: 'phases.build = "make -C sources";',
    right: 'phases.build = "make -C source";',
  },
  'E-BUILD-002': {
    title: 'an output was not made',
    explanation: 'The builder ended well, but did not create every output that the derivation declares.',
    wrong: 'phases.install = "make install";',
    right: 'phases.install = "make install DESTDIR=$out";',
  },
  'E-BUILD-003': {
    title: 'no sandbox on this machine',
    explanation:
      'Builds run in Linux namespaces, so that they see nothing that is not declared. The kernel or its settings refuse them here, or a program that sets them up is missing. igos never builds outside a sandbox.',
    wrong: 'sysctl kernel.unprivileged_userns_clone=0',
    right: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  'E-BUILD-004': {
    title: 'the sandbox could not be set up',
    explanation:
      'Namespaces work here, but a step of the preparation failed for this build. The note holds what the system said.',
  },
  'E-BUILD-005': {
    title: 'two inputs disagree about a file',
    explanation:
      'A package is built in one root, made of the packages it declares. Two of them have the same path with different content, so the root would depend on their order.',
    wrong: 'build = [ busybox coreutils ];',
    right: 'package coreutils { supersedes = [ busybox ]; … }',
  },
  'E-BUILD-006': {
    title: 'a real folder where the root has a link',
    explanation:
      'In every root `/bin`, `/sbin`, `/lib` and `/lib64` are links into `/usr`. A package that brings a folder of that name cannot be laid over it.',
    wrong: './configure --bindir=/bin',
    right: './configure --prefix=/usr',
  },
  'E-BUILD-007': {
    title: 'packages supersede each other',
    explanation: 'Of two packages in one root each says that it supersedes the other, so neither file can win.',
  },
  'E-BUILD-008': {
    title: 'bad description of a root',
    explanation:
      '`igosRoot` of a derivation is not the JSON that docs/decisions/0002 describes. `package` always writes it right.',
  },
  'E-BUILD-009': {
    title: 'a variable is too long for the system',
    explanation: 'Linux passes no environment variable of 128 KiB or more to a program. Pass it as a file.',
    wrong: 'derivation { text = hugeText; … }',
    right: 'derivation { text = hugeText; passAsFile = [ "text" ]; … }',
  },
  'E-BUILD-010': {
    title: 'the file could not be fetched',
    explanation: 'None of the addresses delivered the file. The notes say what went wrong at each.',
  },
  'E-BUILD-011': {
    title: 'the fetched file has another hash',
    explanation: 'What arrived is not what the derivation declares. Nothing of it was kept.',
    wrong: 'sha256 = "";',
    right: 'sha256 = "the hash that was got, if you trust it";',
  },
  'E-BUILD-012': {
    title: 'bad fetch',
    explanation: 'A derivation with a `builtin:` builder lacks an attribute, or has one that cannot be used.',
    wrong: 'url = "gopher://example.org/x.tar";',
    right: 'url = "https://example.org/x.tar";',
  },
  'E-BUILD-013': {
    title: 'the archive is not safe or not whole',
    explanation:
      'An archive that is unpacked on arrival may only hold files, folders and links that stay inside of it. This one holds something else, is damaged, or is compressed in a way that this machine cannot undo.',
  },
  'E-BUILD-014': {
    title: 'the build is for another system',
    explanation: 'The derivation names a system that this machine is not.',
    wrong: 'system = "aarch64-linux";',
    right: 'system = builtins.currentSystem;',
  },
  'E-BUILD-015': {
    title: 'stopped',
    explanation:
      'The run was interrupted. Running builds were killed and their scratch removed; what was finished is in the store.',
  },
  'E-BUILD-016': {
    title: 'there is no log',
    explanation:
      'A derivation has a log if it was built on this machine, in this store. What was never built has none, and neither have fetched and substituted outputs.',
  },
  'E-BUILD-017': {
    title: 'an input is not in the store',
    explanation:
      'The derivation needs a file that is neither built by another derivation nor in the store: it was deleted, or never copied here.',
  },
  'E-BUILD-018': {
    title: 'the builder cannot be run',
    explanation: 'The program that the derivation names as its builder is not in its root, or not a program.',
    wrong: 'build = [ ];',
    right: 'build = [ shell ];',
  },
  'E-BUILD-019': {
    title: 'a build made a path that is too long',
    explanation:
      'Systems take paths of up to 4095 bytes. A build can go deeper, folder by folder, but what it leaves there cannot be read again.',
  },
  'E-BUILD-040': {
    title: 'something that must be there was not built',
    explanation:
      'The build ended well, but the package names paths in `verifyPaths` that are in none of its outputs. Nothing was added to the store.',
    wrong: 'verifyPaths = [ "usr/lib64/libz.so" ];',
    right: 'verifyPaths = [ "usr/lib/libz.so" ];',
  },
  'E-BUILD-041': {
    title: 'an output names the folder of the build',
    explanation:
      'A file or link of the output holds a path below `/build`, or one of the store, and the package says `references = "fail"`. Neither is there where the package is installed. Nothing was added to the store.',
    wrong: 'phases.install = "ln -s $out/usr/bin/x $out/usr/bin/y";',
    right: 'phases.install = "ln -s x $out/usr/bin/y";',
  },
  'E-BUILD-042': {
    title: 'an output refers to what it must not',
    explanation:
      'The derivation says by `allowedReferences`, `allowedRequisites`, `disallowedReferences` or `disallowedRequisites` (with structured attributes: in `outputChecks`) what its outputs may refer to, or need in all. Nothing was added to the store.',
    wrong: 'derivation { …; allowedReferences = [ ]; }',
    right: 'derivation { …; allowedReferences = [ "out" glibc ]; }',
  },
  'E-BUILD-043': {
    title: 'an output is too large',
    explanation:
      '`outputChecks` of the derivation limits the size of the output (`maxSize`), or that of all it requires (`maxClosureSize`), in bytes of Nix archives. Nothing was added to the store.',
  },
  'E-BUILD-044': {
    title: 'an attribute for the builder is not as it must be',
    explanation:
      '`outputChecks`, `allowedReferences` and the like, `unsafeDiscardReferences` and `exportReferencesGraph` are read by the builder itself, which does not go on with what it cannot read.',
    wrong: 'exportReferencesGraph = [ glibc ];',
    right: 'exportReferencesGraph = [ "graph" glibc ];',
  },
  'E-BUILD-030': {
    title: 'the build took too long',
    explanation: 'The build did not end within the time that `--timeout` gives each build. All its processes were killed.',
    wrong: 'igos realize --timeout 60 TREE#gcc',
    right: 'igos realize --timeout 7200 TREE#gcc',
  },
  'E-BUILD-031': {
    title: 'the build was silent for too long',
    explanation:
      'The build printed nothing for as long as `--max-silent` allows: most often it waits for something that never comes. All its processes were killed.',
    wrong: 'phases.check = "read answer < /dev/zero";',
    right: 'phases.check = "yes | ./check";',
  },
  'E-BUILD-032': {
    title: 'the build printed too much',
    explanation:
      'The output of the build is larger than `--max-log-size` allows. All its processes were killed; the log ends there.',
    wrong: 'phases.build = "while :; do echo again; done";',
    right: 'phases.build = "make";',
  },
  'E-BUILD-033': {
    title: 'the build was killed for memory',
    explanation:
      'The processes of the build together wanted more memory than `--max-memory` allows, and the kernel killed in their group. Files in `/tmp` and `/dev/shm` of the sandbox count, too.',
    wrong: 'igos realize --max-memory 256M TREE#llvm',
    right: 'igos realize --max-memory 8G --cores 2 TREE#llvm',
  },
  'E-BUILD-050': {
    title: 'no such Debian package',
    explanation:
      'A package that a seed is to be made of is in none of the lists that were asked: those of this machine (apt), or those of the mirror that was named.',
    wrong: 'style = debianSeed { lock = ./seed.lock; packages = [ "gc" ]; };',
    right: 'style = debianSeed { lock = ./seed.lock; packages = [ "gcc" ]; };',
  },
  'E-BUILD-051': {
    title: 'a dependency of a Debian package is not to be had',
    explanation:
      'A package of the seed depends on another, and no list offers it in a version that fits. Lists of different ages are the usual reason. What only maintainer scripts call can be left out: no script is run.',
    wrong: 'packages = [ "dash" ];',
    right: 'packages = [ "dash" ]; without = [ "dpkg" ];',
  },
  'E-BUILD-052': {
    title: 'a list of packages cannot be believed',
    explanation:
      'A list of Debian packages is damaged, is not what its mirror signed, or has an entry that could not come from Debian: a path that leads out of the mirror, a hash that is none.',
  },
  'E-BUILD-053': {
    title: 'two Debian packages have the same file',
    explanation:
      'The packages of a seed are laid over each other, and two of them hold different files, or the same ones, under one name: on a Debian machine one would divert or replace the other. Leave one of the files out, or make two seeds.',
    wrong: 'packages = [ "mawk" "original-awk" ];',
    right: 'packages = [ "mawk" "original-awk" ]; omit = [ "usr/bin/awk" ];',
  },
});

export type BuildCode = keyof typeof buildCodes;
