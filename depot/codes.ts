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
});

export type DepotCode = keyof typeof depotCodes;
