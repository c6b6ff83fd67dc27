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
      'A Nix archive is strict: sorted names, zero padding, at most 64 folders deep, nothing after its end. One that is not cannot be trusted to be what its hash says.',
  },
});

export type StoreCode = keyof typeof storeCodes;
