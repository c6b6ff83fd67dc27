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
});

export type DepotCode = keyof typeof depotCodes;
