import { defineCodes } from '../base/index.ts';

/** What can go wrong between outputs, archives and a root. */
export const pkmCodes = defineCodes({
  'E-PKM-001': {
    title: 'bad package name or version',
    explanation:
      'Names and versions become file names and lines of text manifests. They are 1 to 128 letters, digits and a few signs.',
    wrong: 'name = "my package";',
    right: 'name = "my-package";',
  },
  'E-PKM-002': {
    title: 'a path that cannot be on a root',
    explanation:
      'Paths of packages are UTF-8, relative, without "..", empty parts or line breaks; each is there once, and what is above it is a directory.',
  },
  'E-PKM-003': {
    title: 'a package would replace a critical path',
    explanation:
      'The symlinks /bin, /sbin, /lib and /lib64, the top directories, what the kernel provides, and the state of pkm itself are not for packages to replace: their loss stops every program.',
    wrong: 'make install prefix=$out',
    right: 'make install DESTDIR=$out prefix=/usr',
  },
  'E-PKM-004': {
    title: 'two packages want the same file',
    explanation:
      'A path that is no directory has one owner. Equal content is no excuse: an upgrade of either package would change it under the other. Only a declared successor takes over files.',
    right: 'supersedes = [ "util-linux" ];',
  },
  'E-PKM-005': {
    title: 'a file of no package is in the way',
    explanation:
      'Somebody put a file where a package wants one. A file with equal content is adopted, configuration is treated as modified; anything else is refused until it is moved, or --overwrite is given.',
  },
  'E-PKM-006': {
    title: 'something of another kind is in the way',
    explanation:
      'A directory stands where a file shall be, or a file where a directory is needed. pkm removes neither of its own accord.',
  },
  'E-PKM-007': {
    title: 'a symlink leads out of the root',
    explanation:
      'Symlinks in the path of a file are followed inside the root only: absolute targets are taken as seen from inside. One that leads outside, or to nothing, is refused. What pkm keeps in its own folder is no symlink at all.',
  },
  'E-PKM-008': { title: 'a package is in the queue twice', explanation: 'Each package of a transaction has one version.' },
  'E-PKM-009': {
    title: 'a successor before its predecessor',
    explanation:
      'A package that supersedes another comes after it in the queue, because it takes its files over. What trees and repositories offer is put in order; archives come as they are named.',
  },
  'E-PKM-010': {
    title: 'nothing to supersede',
    explanation:
      'A declared predecessor must be installed, be in the queue before its successor, or be known to the tree or to a synced index, which may name it as superseded only. A package cannot supersede itself.',
  },
  'E-PKM-011': {
    title: 'a superseded package cannot come back',
    explanation:
      'Its successor, or the last of a chain of them, owns its files and stands for it now; one that never was here does not come beside what supersedes it either. Remove the successor first, or stay with it. A package that supersedes its own successor may come back.',
  },
  'E-PKM-012': {
    title: 'packages that exclude each other',
    explanation: 'A package declared that it cannot be installed together with another one, or with what the other one provides.',
  },
  'E-PKM-013': {
    title: 'a dependency is missing',
    explanation:
      'What a package needs at run time is installed with it: a package of that name, one that provides it, or one that superseded it, at the end of a chain too.',
  },
  'E-PKM-014': {
    title: 'other packages need it',
    explanation: 'Removing it would break packages that stay. With --cascade they are removed too.',
  },
  'E-PKM-015': {
    title: 'the package is not installed',
    explanation: 'Only what is installed can be upgraded, removed or shown.',
  },
  'E-PKM-016': {
    title: 'no such generation',
    explanation: 'Generations are numbered from 0, the empty root. Old ones go with "pkm gc"; the current one always stays.',
  },
  'E-PKM-017': {
    title: 'bytes are missing or damaged',
    explanation: 'What shall be placed does not have the hash that was promised. Nothing of a different content is ever placed.',
  },
  'E-PKM-018': {
    title: 'not enough free space',
    explanation: 'All new files are staged before the first old one is replaced; there must be room for them.',
  },
  'E-PKM-019': {
    title: 'a transaction is recorded but not finished',
    explanation:
      'The disk refused an operation after the point of no return. The journal stays in the database; the next command that changes the root, or "pkm recover", goes on where it stopped.',
  },
  'E-PKM-020': {
    title: 'another process changes this root',
    explanation: 'One process at a time changes a root. The lock goes with its process, however it ends.',
  },
  'E-PKM-021': {
    title: 'the package database cannot be used',
    explanation:
      'The file is no SQLite database, is damaged, cannot be written, was made by a newer igos, or has values that pkm never writes.',
  },
  'E-PKM-022': {
    title: 'the root was opened for reading',
    explanation: 'The operation changes the root; it needs to be opened for writing, which takes the lock.',
  },
  'E-PKM-023': {
    title: 'not a package archive',
    explanation:
      'An .igos.tar.gz is a gzip-compressed tar archive with a .PKGINFO member. It may be damaged, cut off, or something else.',
  },
  'E-PKM-024': {
    title: 'an archive member is refused',
    explanation:
      'Members that leave the root, that are devices, that write through links, that are there twice and differ, that have setuid bits or file capabilities without saying so in .PKGINFO, or that are too many or too large are refused before anything is changed.',
  },
  'E-PKM-025': {
    title: 'the archive is not trusted',
    explanation:
      'With --archive-trust strict (the default) the SHA-256 of an archive must be in the index that "pkm sync" fetched; with repo-only nothing else is installed at all.',
  },
  'E-PKM-026': {
    title: 'the repository index is refused',
    explanation:
      'It is not signed by a trusted key, is older than the one known, is that of another repository, is damaged, or cannot be fetched. The known index stays in use.',
  },
  'E-PKM-027': {
    title: 'the package database is gone',
    explanation:
      "There is no database, or an empty one, where text manifests say that packages are installed. Beginning a new one would make everything that is installed nobody's: it would neither be verified nor upgraded, and the next install would find its files in the way.",
  },
  'E-PKM-028': {
    title: 'the package database is not rebuilt',
    explanation:
      'A database is made of the text manifests only where there is none, or one that is damaged; it knows less than the one it replaces. Where the old one can be read, it stays.',
  },
  'E-PKM-029': {
    title: 'the serial of a repository is not known, or too low',
    explanation:
      'Every index of a repository has a serial above the one before: by it machines tell that nobody serves them an old one. Where the index of before was lost, it is put back, or the publisher says the serial with --serial.',
  },
  'E-PKM-040': {
    title: 'the package is held',
    explanation:
      'Somebody said with "pkm hold" that it stays as it is: no transaction upgrades, supersedes or removes it. A rollback may.',
    wrong: 'pkm upgrade linux   # while it is held',
    right: 'pkm unhold linux && pkm upgrade linux',
  },
  'E-PKM-041': {
    title: 'the root cannot become atomic',
    explanation:
      'In the atomic layout /usr and /opt are symlinks into whole trees, one a generation. A root gets it while it is fresh, with "pkm init --atomic".',
  },
  'E-PKM-042': {
    title: 'a trigger failed that must not',
    explanation:
      'A package declared a program to be run when certain files change, and declared its failure fatal. The generation is complete and current all the same; other failing triggers are only reported.',
    wrong: 'triggers.initramfs = { paths = [ "boot/*" ]; run = "mkinitramfs"; fatal = true; };',
  },
  'E-PKM-043': {
    title: 'no such service',
    explanation:
      'What is to be switched on or off is a unit below usr/lib/systemd/system or etc/systemd/system of the package, or a script below etc/init.d. A unit without an [Install] section cannot be switched on: others pull it in.',
    wrong: 'services."shhd.service" = "enable";',
    right: 'services."sshd.service" = "enable";',
  },
  'E-PKM-044': {
    title: 'a file may not be changed by anybody',
    explanation:
      'Its file system was told so ("chattr +i", or "+a" where only more may be written at its end), which counts for root too. It was found before anything was written; a removal may find it later, and is then finished by "pkm recover".',
  },
  'E-PKM-045': {
    title: 'the EFI partition is not mounted',
    explanation:
      'The kernel image of a system with `boot.esp` is a file of the partition that firmware starts from. Where that is not mounted, the new image would land in the folder below, the machine would go on starting the old one, and the modules of that would be gone.',
    wrong: 'pkm switch TREE#keeper   # /efi is an empty folder',
    right: 'mount /dev/nvme0n1p1 /efi && pkm switch TREE#keeper',
  },
  'E-PKM-046': {
    title: 'nothing would start the machine',
    explanation:
      'The change takes away the file that firmware starts, and brings no other. Whoever has something else for firmware to start removes the file by hand first.',
    wrong: 'pkm remove boot-keeper',
  },
  'E-PKM-060': {
    title: 'not a configuration file that pkm tracks',
    explanation:
      'Configuration is what a package brought below etc/, or named in its globs. Only of those pkm knows which version yours descends from, and which one its package offers.',
    wrong: 'pkm config diff /etc/fstab',
    right: 'pkm config list --all',
  },
  'E-PKM-061': {
    title: 'configuration that does not merge',
    explanation:
      'Your changes and those of the package touch the same lines, or one of the texts is none. Nothing is guessed: take one side, or edit the text.',
    wrong: 'pkm config resolve --merged /etc/ssh/sshd_config',
    right: 'pkm config resolve --edit /etc/ssh/sshd_config',
  },
  'E-PKM-062': {
    title: 'no version to take',
    explanation:
      'The package whose version was asked for is not installed any more, its bytes are gone, or something that is no file stands in the way.',
  },
  'E-PKM-063': {
    title: "another package manager's database",
    explanation:
      "The root is managed by InterGenOS's pkm, whose database is in the place of ours. Nothing of it is read or changed until it is taken over.",
    wrong: 'pkm list',
    right: 'pkm adopt',
  },
  'E-PKM-064': {
    title: 'nothing to adopt',
    explanation:
      "What is adopted is a database that InterGenOS's pkm made, on a root that ours does not manage yet, while nobody else uses it.",
  },
  'E-PKM-070': {
    title: 'a repository file makes no sense',
    explanation:
      'Repositories are files "<name>.conf" in etc/igos/repositories.d of the root, of lines "key = value". The keys are address (needed), mirror and key (several may be there), priority, identity and enabled.',
    wrong: 'url: https://example.org/packages/',
    right: 'address = https://example.org/packages/',
  },
  'E-PKM-071': {
    title: 'an archive cannot be fetched',
    explanation:
      'The archive that an index offers cannot be had from its repository or its mirrors, or is another file than the index promises. What came of it is kept, and the next attempt goes on from there.',
  },
  'E-PKM-072': {
    title: 'a repository cannot be built',
    explanation: 'Two archives of one folder are the same release of the same version of a package: an index cannot name both.',
  },
  'E-PKM-073': {
    title: 'no such repository',
    explanation: 'Repositories are known by the name of their file in etc/igos/repositories.d, or by their address.',
  },
  'E-PKM-074': {
    title: 'file capabilities that make no sense',
    explanation:
      'A package gives a file capabilities in the words of setcap: names of capabilities(7) with commas, "=", and the sets that are meant, of e (effective), i (inheritable) and p (permitted). The file is one that the package places.',
    wrong: 'capabilities."/usr/bin/ping" = "net_raw";',
    right: 'capabilities."usr/bin/ping" = "cap_net_raw=ep";',
  },
});
