import { defineCodes } from '../../base/index.ts';

/** Every error of signatures and binary caches. */
export const cacheCodes = defineCodes({
  'E-CACHE-001': {
    title: 'bad key',
    explanation:
      "A public key is '<name>:<base 64 of 32 bytes>', a secret key '<name>:<base 64 of 64 bytes>', as Nix writes them. The name says whose key it is; it has no colon and no white space.",
    wrong: 'trusted-public-keys = cache.example.org',
    right: 'trusted-public-keys = cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
  },
  'E-CACHE-002': {
    title: 'not a narinfo',
    explanation:
      'A .narinfo file describes one store path of a binary cache: lines of a name, a colon, a blank and a value. Each name occurs once (Sig as often as there are signatures), StorePath, URL, NarHash and NarSize are needed, and the path must be the one that was asked for.',
  },
  'E-CACHE-003': {
    title: 'no trusted signature',
    explanation:
      'Anybody can put anything into a cache, so what comes from one is only taken if a key that this store trusts signed it, or if its content proves its name (content-addressed paths). No signature by a trusted key fits what the cache says of this path, or of what a derivation was built to (which no content can prove).',
    wrong: 'igos cache pull http://cache.example.org PATH',
    right: 'igos cache pull http://cache.example.org PATH --trusted-key cache.example.org-1:6NCHdD59…',
  },
  'E-CACHE-004': {
    title: 'content of a cache is not what was promised',
    explanation:
      'Hash or size of what came is not what the narinfo says, or the content does not give the name that it should. The transfer or the cache is damaged, or somebody tampers with it. Nothing was kept.',
  },
  'E-CACHE-005': {
    title: 'not in any cache',
    explanation: 'None of the caches that could be asked has this path. What the others answered is in the notes.',
  },
  'E-CACHE-006': {
    title: 'a cache failed',
    explanation: 'It could not be reached, refused, or gave something that is no answer. Where there are others, they are asked.',
  },
  'E-CACHE-007': {
    title: 'cache of another store folder',
    explanation:
      'The store folder is part of every path, so paths of another folder have no meaning here. The cache says in nix-cache-info which one it is for.',
    wrong: 'igos cache pull https://cache.nixos.org PATH',
    right: 'igos cache pull https://cache.nixos.org PATH --store-dir /nix/store --home ~/nix-like',
  },
  'E-CACHE-008': {
    title: 'compression that cannot be undone here',
    explanation:
      'igos itself undoes zstd, gzip and br; for xz and bzip2 it runs the programs of these names, which must be installed. Others are not known to it.',
  },
  'E-CACHE-009': {
    title: 'bad address of a cache',
    explanation: "A cache is named as 'file:///folder', 'http://…', 'https://…' or 's3://bucket?endpoint=…&region=…'.",
    wrong: 'igos cache push backup PATH',
    right: 'igos cache push file:///srv/backup PATH',
  },
  'E-CACHE-010': {
    title: 'bad line in the settings of caches',
    explanation:
      "<home>/etc/caches.conf has lines 'substituters = URL…', 'trusted-public-keys = KEY…' and comments that begin with #, as in nix.conf.",
    wrong: 'substituter http://cache.example.org',
    right: 'substituters = http://cache.example.org',
  },
  'E-CACHE-011': {
    title: 'no room for what a cache has',
    explanation:
      'What the narinfo announces is larger than 16 MiB, and than the room on the disk of the store, of which 256 MiB (of small disks a sixteenth) are left to others. Nothing was transferred. Sizes of content-addressed paths are not signed: a cache can say any.',
  },
});

export type CacheCode = keyof typeof cacheCodes;
