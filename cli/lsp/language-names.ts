/** Names that the language and the library bring: their documentation comes from the tables that make them. */
import { bytesToText } from '../../base/index.ts';
import { builtinTable, type FieldSpec, HOOKS, LIBRARY, PHASES, renderBuiltinDoc, SHAPES, STYLES } from '../../eval/index.ts';
import type { Entity, Shape } from './entity.ts';

let globals: ReadonlyMap<string, Entity> | undefined;
let builtins: ReadonlyMap<string, Entity> | undefined;
let styles: ReadonlyMap<string, Entity> | undefined;
let library: ReadonlyMap<string, Entity> | undefined;

/** What follows `builtins.`. */
function builtinNames(): ReadonlyMap<string, Entity> {
  builtins ??= new Map([
    ...builtinTable.map((entry): [string, Entity] => [
      entry.name,
      {
        kind: 'builtin',
        name: entry.name,
        key: `builtin:${entry.name}`,
        places: [],
        detail: () => ('impl' in entry ? `${entry.name} ${entry.args.join(' ')}` : entry.name),
        doc: () =>
          renderBuiltinDoc(entry.name)
            ?.replace(/^##.*\n+/, '')
            .replace(/^`.*\n+/, ''),
        ...(entry.name === 'import' ? { shape: (): Shape => ({ kind: 'import' }) } : {}),
      },
    ]),
    ...constants,
  ]);
  return builtins;
}

/** What every expression sees. */
export function globalNames(): ReadonlyMap<string, Entity> {
  if (globals === undefined) {
    const all = new Map<string, Entity>(constants);
    for (const entry of builtinTable) {
      const entity = builtinNames().get(entry.name)!;
      all.set(`__${entry.name}`, entity);
      if (entry.isGlobal === true) all.set(entry.name, entity);
    }
    all.set('builtins', {
      kind: 'builtin',
      name: 'builtins',
      key: 'builtin:builtins',
      places: [],
      doc: () => 'The set of all builtin functions and constants.',
      shape: () => ({ kind: 'set', members: builtinNames(), isComplete: true }),
    });
    globals = all;
  }
  return globals;
}

const constants: readonly (readonly [string, Entity])[] = ['true', 'false', 'null'].map((name) => [
  name,
  { kind: 'builtin', name, key: `builtin:${name}`, places: [] },
]);

export function styleNames(): ReadonlyMap<string, Entity> {
  styles ??= new Map(
    STYLES.map((style): [string, Entity] => [
      style.name,
      {
        kind: 'style',
        name: style.name,
        key: `style:${style.name}`,
        places: [],
        detail: () => style.example,
        doc: () =>
          [
            `${style.doc}\n`,
            ...style.options.map((option) => `- \`${option.name}\`: ${SHAPES[option.shape]}. ${option.doc}`),
          ].join('\n'),
      },
    ]),
  );
  return styles;
}

/** The library; what is in `lib` its file tells. Builtins are among it: in declarations they need no prefix. */
export function libraryNames(): ReadonlyMap<string, Entity> {
  library ??= new Map<string, Entity>([
    ...builtinNames(),
    ...LIBRARY.map(({ name, doc, example }): [string, Entity] => [
      name,
      { kind: 'library', name, key: `library:${name}`, places: [], detail: () => example, doc: () => doc },
    ]),
    ...styleNames(),
    [
      'styles',
      {
        kind: 'library',
        name: 'styles',
        key: 'library:styles',
        places: [],
        doc: () => 'The set of all build styles.',
        shape: () => ({ kind: 'set', members: styleNames(), isComplete: true }),
      },
    ],
    [
      'makePackage',
      {
        kind: 'library',
        name: 'makePackage',
        key: 'library:makePackage',
        places: [],
        detail: () => 'makePackage { name = "hello"; version = "1.0"; … }',
        doc: () => 'Makes a package that has no name in the tree from the fields of a `package` declaration.',
      },
    ],
  ]);
  return library;
}

export const phaseNames: ReadonlyMap<string, Entity> = new Map(
  [...PHASES, ...HOOKS].map(({ name, doc }): [string, Entity] => [
    name,
    { kind: 'phase', name, key: `phase:${name}`, places: [], doc: () => `A phase of the build: ${doc}.` },
  ]),
);

/** A field of a declaration, as hover and completion show it. */
export const fieldDoc = (spec: FieldSpec): string =>
  [
    spec.doc,
    '',
    `${spec.isRequired ? '*Required.*' : `Without it: ${spec.default ?? 'none'}.`} Is ${SHAPES[spec.shape]}.${spec.isMerged ? ' An override adds to it key by key; `null` takes a key away.' : ''}`,
    '',
    '```igos',
    `${spec.name} = ${bytesToText(spec.example)};`,
    '```',
  ].join('\n');
