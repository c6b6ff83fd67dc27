import { defineCodes } from '../base/index.ts';

/** What can go wrong between recipes, a depot, and what is published of it. */
export const depotCodes = defineCodes({
  'E-DEPOT-001': {
    title: 'bad archive name',
    explanation:
      'An archive is named by user, type, for binaries the architecture, name and version, with slashes between. Names become paths, and words of makefiles and of lists: spaces and most signs are refused.',
    wrong: 'igos depot download genodelabs/zlib',
    right: 'igos depot download genodelabs/src/zlib/2017-05-31',
  },
  'E-DEPOT-002': {
    title: 'an archive with or without version',
    explanation:
      'What is in a depot has a version, and is named with it. What is made from recipes has the version that its recipe says, and is named without.',
    wrong: 'igos depot publish alan/pkg/wm',
    right: 'igos depot publish alan/pkg/wm/2018-02-26',
  },
  'E-DEPOT-003': {
    title: 'archives that need each other',
    explanation: 'A package archive may list other package archives, but not, over any number of steps, itself.',
  },
  'E-DEPOT-004': {
    title: 'a recipe is missing or incomplete',
    explanation:
      "The recipe of an archive is the folder repos/<repository>/recipes/<type>/<name>, with a file 'hash' and, by its type, 'content.mk' or 'README' and 'archives'.",
  },
  'E-DEPOT-005': {
    title: 'a recipe is ambiguous',
    explanation: 'Two repositories of one source tree have a recipe of this type and name. Which one is meant cannot be known.',
  },
  'E-DEPOT-006': {
    title: 'an unknown API',
    explanation: "What a source archive uses or implements has a recipe of type 'api' in the same source tree.",
  },
  'E-DEPOT-007': {
    title: 'third-party sources are not prepared',
    explanation:
      "A recipe takes files of a port, which Genode's own tool fetches into 'contrib'. The port is not there, or was prepared for another version of its description.",
    right: 'tool/ports/prepare_port zlib',
  },
  'E-DEPOT-008': {
    title: 'the content of an archive changed',
    explanation: "A recipe's file 'hash' ties a version to a content. What was extracted has another hash: it is a new version.",
    right: 'igos depot create genodelabs/src/zlib --update-versions',
  },
  'E-DEPOT-009': {
    title: 'the content of an archive could not be made',
    explanation: "The rules of the recipe's 'content.mk' are run by GNU make, in the empty folder of the archive. They failed.",
  },
  'E-DEPOT-010': {
    title: 'an archive is missing in the depot',
    explanation: 'Only what is in the depot, with everything that it needs, can be published, built or installed.',
    right: 'igos depot create alan/pkg/x86_64/wm',
  },
  'E-DEPOT-011': {
    title: 'no public key, or no download location',
    explanation:
      "Of each user whose archives are downloaded the depot has two files: 'pubkey', whose signatures count, and 'download', the address of the server. They are looked for in depot/<user>/ and in repos/*/sculpt/depot/<user>/.",
  },
  'E-DEPOT-012': {
    title: 'a signature does not hold',
    explanation:
      'An archive is taken only with a detached signature over exactly its bytes, by a key of its user that is neither revoked nor expired.',
  },
  'E-DEPOT-013': {
    title: 'a key cannot be used',
    explanation: 'The file holds no OpenPGP key of the kind that is needed, or the key is locked, revoked or expired.',
  },
  'E-DEPOT-014': {
    title: 'a published archive is damaged',
    explanation:
      'It is no compressed tar, or holds something else than the one folder of its version: other names at the top, names that lead out, devices, or members below a link.',
  },
  'E-DEPOT-015': {
    title: 'an archive could not be downloaded',
    explanation:
      'The server of its user does not have it, or did not answer. What was downloaded before stays and is used by the next attempt.',
  },
  'E-DEPOT-016': {
    title: 'Genode could not use the archive',
    explanation:
      'Its own tools refuse a package archive that is reached on two ways, and its installer has fixed room for names. Published archives keep to both, unless told otherwise.',
  },
  'E-DEPOT-017': {
    title: 'a binary is not of its source',
    explanation:
      'Beside a binary that was built here stand the hashes of the source and the APIs that it was built of. They are not those of the archives that are in the depot now.',
    right: 'igos depot build alan/bin/x86_64/wm/2018-02-26 --rebuild',
  },
  'E-DEPOT-018': {
    title: 'a binary could not be built',
    explanation: "Genode's build system, run by GNU make on the source archive and its APIs alone, failed.",
  },
  'E-DEPOT-019': {
    title: 'an archive holds several packages of igos',
    explanation:
      "An archive that igos made of a package holds exactly one. What Genode's tools made holds none, and is placed below /depot as it is.",
    right: 'igos depot create examples/tour/v1#greet --user alan',
  },
  'E-DEPOT-020': {
    title: 'an index is older than the one that is there',
    explanation:
      'The server gave out an index that its user signed before the one that was downloaded last. It is not taken: somebody may want to hide that there are newer archives.',
  },
});

export type DepotCode = keyof typeof depotCodes;
