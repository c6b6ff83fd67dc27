import { defineCodes } from '../base/index.ts';

/** What can be wrong with a tree of another distribution, and with where its declarations shall go. */
export const importCodes = defineCodes({
  'E-IMPORT-001': {
    title: 'not such a tree',
    explanation:
      'The folder does not hold what trees of that kind hold: `packages/TIER/NAME/package.yml` for intergenos, `stage*/` beside `build.sh` for pi-gen.',
    wrong: 'igos import intergenos intergenos/packages/core -o tree',
    right: 'igos import intergenos intergenos -o tree',
  },
  'E-IMPORT-002': {
    title: 'not readable YAML',
    explanation:
      'A file is no YAML of the kind that is read: it has a syntax error, a key twice, several documents, a tag of its own, or is not UTF-8.',
    wrong: 'name: zlib\nname: zlib-ng',
    right: 'name: zlib',
  },
  'E-IMPORT-003': {
    title: 'a field that means nothing',
    explanation: 'A field that a recipe must have is not there, or its value is of another kind than the field has.',
    wrong: 'dependencies: { build: cmake }',
    right: 'dependencies: { build: [ cmake ] }',
  },
  'E-IMPORT-004': {
    title: 'a name that leads elsewhere',
    explanation:
      'A name in the tree would become a path outside of its place, or is not a name that a package, a version or a file can have.',
    wrong: 'patches: [ ../../../etc/passwd ]',
    right: 'patches: [ zlib-fix.patch ]',
  },
  'E-IMPORT-005': {
    title: 'one name for two packages',
    explanation: 'Two recipes would become one package. The names of packages are unique in a tree.',
  },
  'E-IMPORT-006': {
    title: 'the place for the declarations is taken',
    explanation:
      'The folder that -o names holds something else than an earlier import of the same system, or lies in the tree that is read. An import writes into a new folder, or replaces what an import wrote.',
    wrong: 'igos import intergenos intergenos -o ~',
    right: 'igos import intergenos intergenos -o ~/intergenos-tree',
  },
  'E-IMPORT-007': {
    title: 'too much for a recipe',
    explanation:
      'A file is larger, nested deeper or holds more than recipes do; aliases of YAML, by which a small file can stand for gigabytes, are never followed.',
    wrong: 'a: &a [ x, x ]\nb: [ *a, *a ]',
    right: 'b: [ x, x, x, x ]',
  },
  'E-IMPORT-008': {
    title: 'imported files were edited',
    explanation:
      'Files that an earlier import wrote have been changed since. Importing again would undo that: keep the changes as `override` declarations in a tree laid over the imported one, or give them up with --force.',
  },
});

export type ImportCode = keyof typeof importCodes;
