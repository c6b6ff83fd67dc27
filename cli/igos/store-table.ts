/** The commands of `igos` about what is in the store. */
import type { Command } from '../command.ts';
import { KEEP_OPTIONS } from '../keep-options.ts';
import { DRY_RUN, PATH_WORDS, TRUST } from './shared-options.ts';

export const storeCommands: readonly Command[] = [
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
];
