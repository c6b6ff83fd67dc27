/** The commands of `pkm`. Texts are read by people: change them here, and run `npm run docs`. */
import type { Command, Option } from '../command.ts';
import { JOBS, SIGNING, TREE_EVALUATION } from '../igos/shared-options.ts';

const DEPOT: readonly Option[] = [
  {
    long: 'depot',
    values: ['DIR'],
    doc: "the depot of this machine, with users' keys and addresses (default: var/depot in the home of igos)",
  },
  {
    long: 'tree',
    values: ['DIR'],
    doc: 'the source tree whose recipes say what the current version of an archive is (default: this folder)',
  },
];
const DRY_RUN: Option = { long: 'dry-run', short: 'n', doc: 'print the plan and leave the root alone' };
/** Of commands that take trees. */
const DRY_RUN_BUILDING: Option = { ...DRY_RUN, doc: `${DRY_RUN.doc} (what is not built yet is still built, into the store)` };
const OVERWRITE: Option = { long: 'overwrite', doc: 'replace files that stand in the way and belong to no package' };
const YES: Option = { long: 'yes', short: 'y', doc: 'do not ask, even on a terminal' };
const IGNORE_HOLDS: Option = { long: 'ignore-holds', doc: 'change packages that are held too; they stay held' };
const ARCHIVE: readonly Option[] = [
  {
    long: 'archive',
    values: ['FILE'],
    isRepeated: true,
    doc: 'take the package from this .igos.tar.gz; of several what is superseded first',
  },
  {
    long: 'archive-trust',
    values: ['MODE'],
    choices: ['strict', 'loose', 'repo-only'],
    doc: 'strict (default): its SHA-256 must be in the synced index; repo-only: the same, and nothing from trees; loose: take it as it is',
  },
  { long: 'allow-privileged', doc: 'accept setuid files and file capabilities that an archive does not declare' },
];

export const pkmCommands: readonly Command[] = [
  {
    program: 'pkm',
    name: 'install',
    summary: 'install packages with all they need to run',
    operands: '[NAME|TREE#NAME|depot:ARCHIVE…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "A NAME is fetched from the synced repositories, with what it needs and is not there; 'NAME>=1.2' asks for a version. 'depot:USER/pkg/ARCH/NAME/VERSION' is downloaded from the depot of its user, whose key and address are in var/depot/USER below the home of igos: packages of igos are installed as such, other archives below /depot, where Genode has them. It may be a source (its binary is meant), a binary or raw data, too; without ARCH it is that of this machine, and without VERSION the current one of the recipe in a source tree. What else contains '#' or '/' is a tree: its packages are realized where needed, without '#' all of the tiers that ship. Then the files of all and of their runtime closure are placed on the root, as one transaction: a new generation, or nothing. A package that is installed already in another version is upgraded; one that supersedes another takes over its files. Invariants are checked before anything is written.",
    options: [...ARCHIVE, ...DEPOT, DRY_RUN_BUILDING, YES, JOBS, OVERWRITE, IGNORE_HOLDS, ...TREE_EVALUATION],
    examples: [{ command: 'pkm --root /tmp/root install examples/tour/v1#greet', says: 'into a scratch root' }],
  },
  {
    program: 'pkm',
    name: 'init',
    summary: 'prepare a root, and choose its layout',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Makes the database of a root. install, switch and sync do so by themselves, in the live layout: files are placed one by one. With --atomic, /usr and /opt become symlinks into whole trees below /var/lib/igos/generations, one for each generation, and a change or a rollback shows by renaming one symlink; /etc and /var stay as they are. A root must be fresh for that.',
    options: [{ long: 'atomic', doc: 'whole trees, switched at once' }],
    examples: [{ command: 'pkm --root /tmp/root init', says: '' }],
  },
  {
    program: 'pkm',
    name: 'upgrade',
    summary: 'bring installed packages to what repositories offer, or a tree declares',
    operands: '[NAME|TREE[#NAME]…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Without operands: all that the synced repositories offer in a newer version, and successors with them; with NAME that package only. With TREE: every installed package as the tree declares it, be that newer or older, and successors likewise, to the end of a chain; with TREE#NAME that one only. What is held stays. Configuration you edited is kept: merged where that is clean, else the new version lands beside it as .new. What stays behind what is offered is named, with the way out.',
    options: [...ARCHIVE, DRY_RUN_BUILDING, YES, JOBS, OVERWRITE, IGNORE_HOLDS, ...TREE_EVALUATION],
    examples: [{ command: 'pkm --root /tmp/root upgrade examples/tour/v2', says: 'everything that is installed' }],
  },
  {
    program: 'pkm',
    name: 'remove',
    summary: 'remove packages',
    operands: 'NAME…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'Removes their files. Configuration under etc/ stays unless --force; a file that was changed since is removed with a warning; a folder goes when it is empty. Packages that others need are not removed, unless --cascade removes those too. What came along and is not needed any more is named, and so is a superseded package whose last successor went.',
    options: [
      { long: 'force', short: 'f', doc: 'remove configuration too' },
      { long: 'cascade', doc: 'remove the packages that depend on them as well' },
      DRY_RUN,
      YES,
      IGNORE_HOLDS,
    ],
    examples: [{ command: 'pkm --root /tmp/root remove greet', says: '' }],
  },
  {
    program: 'pkm',
    name: 'autoremove',
    summary: 'remove dependencies that nothing needs any more',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Removes packages that came along with others, and that no package you asked for needs, directly or through others. Held packages, and those marked explicit, stay with all they need.',
    options: [{ long: 'force', short: 'f', doc: 'remove configuration too' }, DRY_RUN, YES],
    examples: [{ command: 'pkm --root /tmp/root autoremove --dry-run', says: 'what would go' }],
  },
  {
    program: 'pkm',
    name: 'mark',
    summary: 'say whether packages were asked for or came along',
    operands: 'explicit|dependency NAME…',
    minOperands: 2,
    maxOperands: Infinity,
    description:
      'A package marked explicit stays until you remove it; one marked dependency goes with autoremove when nothing needs it. manual and auto are understood too.',
    options: [DRY_RUN, YES],
    examples: [{ command: 'pkm --root /tmp/root mark dependency greet-lib', says: '' }],
  },
  {
    program: 'pkm',
    name: 'hold',
    summary: 'keep packages as they are, or list those that are kept',
    operands: '[NAME…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'No install, upgrade, switch or removal changes a held package until pkm unhold, unless --ignore-holds is given; a rollback may. Without names: the held packages.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root hold', says: 'which are' }],
  },
  {
    program: 'pkm',
    name: 'unhold',
    summary: 'let held packages go',
    operands: 'NAME…',
    minOperands: 1,
    maxOperands: Infinity,
    description: 'They are upgraded and removed like others again.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root unhold greet', says: '' }],
  },
  {
    program: 'pkm',
    name: 'switch',
    summary: 'make the root what a system declares',
    operands: 'TREE[#SYSTEM]',
    minOperands: 1,
    maxOperands: 1,
    description:
      'Realizes the packages of the system, then makes them, with all they need to run, and the declared files below /etc what is on the root, as one transaction: what is not declared is removed. A declared file wins over what a package brings to its path. Configuration that you changed is kept or merged as on upgrade; that of packages which go stays. Where boot of the system has esp = "/efi", its kernel image is a file there, and changes and goes back with the packages: the EFI partition has to be mounted. It is signed by --sign-key and --sign-certificate, or by etc/igos/boot.key and boot.crt of the root; what is not signed does not take the place of what is, but with --unsigned.',
    options: [
      DRY_RUN_BUILDING,
      YES,
      JOBS,
      OVERWRITE,
      IGNORE_HOLDS,
      ...SIGNING,
      { long: 'unsigned', doc: 'sign no kernel image, though the one that is there is signed' },
      ...TREE_EVALUATION,
    ],
    examples: [{ command: 'pkm --root /tmp/root switch examples/tour/v1#tour', says: 'into a scratch root' }],
  },
  {
    program: 'pkm',
    name: 'verify',
    summary: 'compare the root with what was installed; exit 1 on differences',
    operands: '[NAME…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Re-hashes every installed file and checks its kind, mode and owner; checks the text manifests and the chain of the history against the database. Configuration that you changed is reported apart and is no difference.',
    options: [
      { long: 'fast', doc: 'look at kind, size, time and mode only; read no contents' },
      { long: 'unowned', doc: 'name what belongs to no package in the directories of packages, too (var and the like apart)' },
      { long: 'package', short: 'p', values: ['NAME'], isRepeated: true, doc: 'only this package' },
    ],
    examples: [{ command: 'pkm --root /tmp/root verify', says: '' }],
  },
  {
    program: 'pkm',
    name: 'config list',
    summary: 'list configuration that differs from what packages brought',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Conflicts first of all: both you and a package changed the file, yours stands and the new version waits beside it as .new. Then what you modified or deleted, what stayed when its package went, and versions that were put aside.',
    options: [
      { long: 'conflicts', doc: 'only what waits to be settled' },
      { long: 'all', short: 'a', doc: 'files as their packages brought them, too' },
    ],
    examples: [{ command: 'pkm --root /tmp/root config list', says: '' }],
  },
  {
    program: 'pkm',
    name: 'config diff',
    summary: "show how your configuration differs from the package's",
    operands: '[PATH…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "From your version to the package's, as diff -u; of every conflict unless paths are named. Exits 1 where something differs.",
    options: [{ long: 'mine', doc: 'what you changed: from the version that yours descends from to yours' }],
    examples: [{ command: 'pkm --root /tmp/root config diff --mine', says: 'everything that you changed' }],
  },
  {
    program: 'pkm',
    name: 'config resolve',
    summary: 'settle configuration that both you and a package changed',
    operands: '[PATH…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      "Every conflict unless paths are named. On a terminal it shows each and asks; else say what to take. All of the files are settled, or none. Where the package's version replaces what you wrote, yours is kept beside it as .pkmsave. Exits 1 where conflicts are left.",
    options: [
      { long: 'mine', doc: 'your file stays as it is; the waiting version goes' },
      { long: 'theirs', doc: "the package's version, as it waits or as it was brought" },
      { long: 'merged', doc: 'both changes, where they do not touch the same lines' },
      { long: 'edit', doc: 'both, with conflicts between marks, in the editor that VISUAL or EDITOR names' },
    ],
    examples: [{ command: 'pkm --root /tmp/root config resolve --mine', says: 'keep your files' }],
  },
  {
    program: 'pkm',
    name: 'repair',
    summary: 'restore damaged files from the store',
    operands: '[NAME…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Restores what verify finds modified or missing, from the store or from the kept objects. Configuration is left alone. With --rebuild-database, and only where the database is gone or damaged, a new one is made of the text manifests: packages, paths, hashes, modes, owners, needs and reasons are known again, and it is said what is not. What is left of the old database stays under another name. Exit status 1: something could not be restored, or a manifest not be read.',
    options: [DRY_RUN, { long: 'rebuild-database', doc: 'make a lost or damaged database anew of the text manifests' }],
    examples: [],
  },
  {
    program: 'pkm',
    name: 'list',
    summary: 'list installed packages',
    operands: '[PATTERN…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'Name, version, tier and summary, sorted by name: all, or those whose name is a PATTERN, which may contain * and ?. Exits 1 where no name is.',
    options: [{ long: 'superseded', doc: 'the records of superseded packages instead' }],
    examples: [
      { command: 'pkm --root /tmp/root list', says: '' },
      { command: "pkm --root /tmp/root list 'greet*'", says: 'those of a name' },
    ],
  },
  {
    program: 'pkm',
    name: 'files',
    summary: 'list the files of an installed package',
    operands: 'NAME',
    minOperands: 1,
    maxOperands: 1,
    description: 'Every path that it owns, folders with a slash at the end.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root files greet', says: '' }],
  },
  {
    program: 'pkm',
    name: 'owns',
    summary: 'tell which package owns a path',
    operands: 'PATH…',
    minOperands: 1,
    maxOperands: Infinity,
    description:
      'A path is one as it is seen from inside the root, or a name on this machine; symlinks among its folders are followed (/bin/sh). A file that only a superseded package had belongs to the record of that, and it is said who superseded it. Exits 1 where a path belongs to no package.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root owns /usr/bin/greet', says: '' }],
  },
  {
    program: 'pkm',
    name: 'history',
    summary: 'show what was done to the root, by whom and when',
    operands: '[NAME…]',
    minOperands: 0,
    maxOperands: Infinity,
    description:
      'The append-only log, oldest first; with NAME what happened to these packages, whether they are still there or not. Each row carries the hash of the row before; verify checks the chain.',
    options: [{ long: 'last', values: ['N'], doc: 'only the newest N' }],
    examples: [{ command: 'pkm --root /tmp/root history greet', says: 'how greet came to be as it is' }],
  },
  {
    program: 'pkm',
    name: 'generations',
    summary: 'list the generations of the root',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description: 'Number, time, what made it and how many packages it has; the current one is marked.',
    options: [],
    examples: [],
  },
  {
    program: 'pkm',
    name: 'diff',
    summary: 'show what differs between two generations',
    operands: '[N [M]]',
    minOperands: 0,
    maxOperands: 2,
    description:
      'Packages added, removed and changed, and the files, from generation N to M: by default from the one before to the current one.',
    options: [],
    examples: [{ command: 'pkm --root /tmp/root diff', says: 'what the last change did' }],
  },
  {
    program: 'pkm',
    name: 'rollback',
    summary: 'return to an earlier generation, whole or some packages of it',
    operands: '[N]',
    minOperands: 0,
    maxOperands: 1,
    description:
      'To generation N, or the one before the current. That makes a new generation with the packages and files of the old one, so a rollback can itself be rolled back. Configuration that you changed is treated as on upgrade: never lost. With --package only these packages go back, to what they were in generation N, or before the last change of any of them; one that was not installed then goes. What superseded them since, or they superseded, goes back with them; all others stay as they are, and must still have what they need.',
    options: [
      DRY_RUN,
      YES,
      {
        long: 'package',
        short: 'p',
        values: ['NAME'],
        isRepeated: true,
        doc: 'take back only this package (may be given again)',
      },
    ],
    examples: [
      { command: 'pkm --root /tmp/root rollback', says: 'undo the last transaction' },
      { command: 'pkm --root /tmp/root rollback --package greet', says: 'undo the last change of one package' },
    ],
  },
  {
    program: 'pkm',
    name: 'gc',
    summary: 'forget old generations and free what only they needed',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description:
      'Generations that --keep and --days do not keep are forgotten; the current one always stays. What is forgotten cannot be rolled back to.',
    options: [
      { long: 'keep', values: ['N'], doc: 'keep the newest N generations' },
      { long: 'days', values: ['N'], doc: 'keep the generations of the last N days' },
      DRY_RUN,
    ],
    examples: [{ command: 'pkm --root /tmp/root gc --keep 5 --dry-run', says: '' }],
  },
  {
    program: 'pkm',
    name: 'recover',
    summary: 'finish or undo a transaction that was interrupted',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description: 'Every command that writes does this first; run it at boot so that no other program sees a half-way root.',
    options: [],
    examples: [],
  },
  {
    program: 'pkm',
    name: 'adopt',
    summary: "take over a root that InterGenOS's pkm manages",
    operands: '[DATABASE]',
    minOperands: 0,
    maxOperands: 1,
    description:
      'Its packages, paths, hashes, configuration baselines, holds and history become generation 1 of the root; no file of the system is touched. What is modified, missing or claimed twice is named. The old database stays under another name. Killed anywhere, the root has the old database or the new one; run again, it does nothing. DATABASE is var/lib/igos/pkm.db of the root unless given.',
    options: [
      {
        long: 'archives',
        doc: 'keep the archives that packages came from, where they are still there: rollback and repair need them',
      },
      { long: 'dry-run', short: 'n', doc: 'look and report, and change nothing' },
    ],
    examples: [],
  },
];
