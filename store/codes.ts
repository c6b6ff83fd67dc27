import { defineCodes } from '../base/index.ts';

/** Every error of the store. A code is raised somewhere and has a golden, or it is retired. */
export const storeCodes = defineCodes({
  'E-STORE-001': {
    title: 'bad store path',
    explanation:
      'A store path is the store folder, a slash, 32 characters of Nix base-32, a dash, and a name. Files inside an object are not store paths themselves.',
    wrong: '/igos/store/zlib-1.3.2',
    right: '/igos/store/0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx-zlib-1.3.2',
  },
  'E-STORE-002': {
    title: 'bad name for a store object',
    explanation:
      "A name has 1 to 211 characters, each a letter, a digit or one of '+', '-', '.', '_', '?', '='. It is not '.' or '..', and what stands before its first dash is not either.",
    wrong: 'name = "my notes.txt";',
    right: 'name = "my-notes.txt";',
  },
  'E-STORE-003': {
    title: 'bad hash',
    explanation:
      "A hash is written as 'sha256-<base 64>' (SRI), as 'sha256:<hex, base 32 or base 64>', or without its algorithm where that is known. Base 64 is padded; unused bits are zero.",
    wrong: 'hash = "sha256-deadbeef";',
    right: 'hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";',
  },
  'E-STORE-004': {
    title: 'bad content address',
    explanation: "A content address is 'text:sha256:<base 32>' or 'fixed:[r:]<algorithm>:<base 32>'.",
    wrong: 'CA: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73',
    right: 'CA: fixed:r:sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73',
  },
  'E-STORE-005': {
    title: 'content address cannot have references',
    explanation:
      'Only trees hashed by SHA-256 of their NAR, and texts, may refer to other store paths. Flat files and other algorithms have no place in their address for references.',
  },
  'E-STORE-006': {
    title: 'not a derivation',
    explanation:
      'A .drv file holds one ATerm, Derive(…), in exactly the form that Nix writes. The place of the first deviation is named.',
  },
  'E-STORE-007': {
    title: 'kind of derivation not supported',
    explanation:
      'Impure derivations and dynamic derivations (outputs of outputs) are experiments of newer Nix versions that igos does not build.',
  },
  'E-STORE-008': {
    title: 'output missing in a derivation',
    explanation: 'A derivation asks for an output of another derivation that does not have it.',
  },
  'E-STORE-009': {
    title: 'not a NAR',
    explanation:
      'A Nix archive is strict: sorted names, zero padding, at most 64 levels, nothing after its end. One that is not cannot be trusted to be what its hash says.',
  },
  'E-STORE-010': {
    title: 'not a file, folder or symlink',
    explanation: 'Devices, sockets and named pipes have no content that could be hashed and copied.',
  },
  'E-STORE-011': {
    title: 'file changed while it was read',
    explanation:
      'What is added to the store must hold still meanwhile, or its hash would be that of something that never existed.',
  },
  'E-STORE-012': {
    title: 'tree too deep',
    explanation:
      'An object has at most 64 levels, itself counted: the limit of what reads and writes Nix archives. Nor may a path in it be longer, where it lies in the store, than the 4,095 bytes that the system takes.',
  },
  'E-STORE-013': {
    title: 'entries of a tree clash',
    explanation:
      'A tree that is put together from several places has one entry for each path, and only folders have entries below them.',
  },
  'E-STORE-014': {
    title: 'path not in the store',
    explanation:
      'Only paths that are registered in the index count: a folder that merely lies in the store may be half of something.',
  },
  'E-STORE-015': {
    title: 'reference to a path that is not in the store',
    explanation:
      'An object is only added together with, or after, everything it refers to, so that a closure is always complete.',
  },
  'E-STORE-016': {
    title: 'hash mismatch',
    explanation: 'The content of a fixed output is not what its declaration promises. Nothing was kept.',
    wrong: 'src = fetchurl { url = "…"; hash = "sha256-<of another file>"; };',
    right: 'src = fetchurl { url = "…"; hash = "sha256-<as printed after got>"; };',
  },
  'E-STORE-017': {
    title: 'outputs refer to each other in a circle',
    explanation:
      'An output that is named by its content cannot contain the name of one whose content contains its own. Outputs of other derivations cannot either: paths are copied, exported and deleted one after the other.',
  },
  'E-STORE-018': {
    title: 'file name holds the own store path',
    explanation:
      'The path of a content-addressed output is known only after the build. It can be put into contents and link targets then, but not into names.',
  },
  'E-STORE-019': {
    title: 'flat output is not a plain file',
    explanation: 'A flat hash is that of the bytes of one file. It says nothing of folders, links or execute permission.',
  },
  'E-STORE-020': {
    title: 'flat source is not a file',
    explanation: 'Adding without recursion hashes the bytes of one file. Folders and links have none.',
  },
  'E-STORE-021': {
    title: 'tool missing on this machine',
    explanation:
      'A tool that is taken from the host has to be there. It is looked for in the folders of PATH, and copied with all it needs.',
    wrong: 'style = hostTools { tools = [ "sh" "mak" ]; };',
    right: 'style = hostTools { tools = [ "sh" "make" ]; };',
  },
  'E-STORE-022': {
    title: 'library or interpreter missing on this machine',
    explanation:
      'A program taken from the host needs its loader, its shared libraries or, for a script, its interpreter. One of them was not found.',
  },
  'E-STORE-023': {
    title: 'file of the host not named absolutely',
    explanation:
      'Files of the host are named from its root, since what a relative path means would depend on where igos was started.',
    wrong: 'files = [ "include/stdio.h" ];',
    right: 'files = [ "/usr/include/stdio.h" ];',
  },
  'E-STORE-024': {
    title: 'not the index of a store',
    explanation:
      'The file var/index/data.mdb under the home of the store is an LMDB database. What lies there is something else, or damaged: its start is not that of an index, or its end is missing. Or it is gone, although the log of registrations says that the store holds something, or both are gone, and objects are there: which may also be those of another program. igos store rebuild-index makes a new one; run it while nothing else uses the store.',
  },
  'E-STORE-040': {
    title: 'not an archive of store paths',
    explanation:
      "The bytes do not have the form that 'igos store export' and 'nix-store --export' write, or they stop early. The place of the first deviation is named; nothing is kept of the path that it is in.",
    wrong: 'igos store import < closure.tar',
    right: 'igos store import < closure.export',
  },
  'E-STORE-041': {
    title: 'damaged object',
    explanation:
      'What was read from the store is not what was registered: bits rotted, or somebody wrote there. It is not passed on.',
  },
  'E-STORE-042': {
    title: 'archive of another store folder',
    explanation:
      'The folder of the store is part of the hash in every path. What was made for /nix/store is of no use in /igos/store, where nothing would find it.',
    wrong: 'igos store import < from-nix.export',
    right: 'igos store import --store-dir /nix/store --home ~/nix-like < from-nix.export',
  },
  'E-STORE-043': {
    title: 'path that nothing vouches for',
    explanation:
      'A path that is named by its content proves itself. One that is named by its derivation could hold anything: it is only taken from somebody you trust.',
    wrong: 'igos store import < unknown.export',
    right: 'igos store import --no-check-sigs < own.export',
  },
  'E-STORE-044': {
    title: 'compressed archive that cannot be read',
    explanation:
      "'igos store export --zstd' writes frames of bounded size, so that reading them back needs little memory. The frames are damaged, or were made otherwise; the zstd program reads any.",
    wrong: 'zstd < closure.export > closure.zst; igos store import < closure.zst',
    right: 'zstd -dc closure.zst | igos store import',
  },
  'E-STORE-060': {
    title: 'something else stands where a link to the store should go',
    explanation:
      'A link that keeps an object from being collected replaces an older link into the store, and nothing else: a file of yours is never overwritten.',
    wrong: 'igos realize examples/tour/v1#greet --out-link README.md',
    right: 'igos realize examples/tour/v1#greet --out-link result',
  },
  'E-STORE-061': {
    title: 'not a root',
    explanation:
      'Only links that igos made with --out-link or igos store roots add, and links below var/gcroots of the store, are removed as roots. What generations of a root of pkm need is let go of by that root: by pkm gc while it is there, by its name when it is not.',
  },
  'E-STORE-062': {
    title: 'path that a root keeps',
    explanation:
      'A path that a root names, that something refers to which a root names, or that a running program uses, is removed by nothing. Let go of the root first.',
    wrong: 'igos realize examples/tour/v1#greet --out-link kept && igos store delete kept',
    right: 'igos store roots remove kept && igos store delete PATH',
  },
});

export type StoreCode = keyof typeof storeCodes;
