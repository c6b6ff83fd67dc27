/** The reference part of docs/declarations.md, made from the tables. */
import { LIBRARY } from '../library/library.ts';
import { type DeclarationKind, FIELDS } from './fields.ts';
import { HOOKS, PHASES } from './phases.ts';
import { type FieldSpec, SHAPES } from './shape.ts';
import { STYLES } from './styles.ts';

const HEADINGS: Readonly<Record<DeclarationKind, string>> = {
  package: '`package NAME "VERSION" { … }`, `override NAME { … }`',
  split: '`split NAME { … }`, inside a package',
  tier: '`tier NAME { … }`',
  system: '`system NAME { … }`',
  tree: '`tree { … }`, in `tree.igos` at the top of a tree',
};

/** Those that nobody gives: a build script ends with them. */
const WRITTEN_PHASES = [
  { name: 'strip', doc: 'takes symbols out of programs and libraries; written where the field `strip` says so, cannot be given' },
  { name: 'split', doc: 'moves files to the splits; written when there are any, cannot be given' },
];

/** Markdown: a table per declaration, then phases and styles. */
export function renderFieldDocs(): string {
  const kinds = Object.keys(HEADINGS) as DeclarationKind[];
  const declarations = kinds.map((kind) => `### ${HEADINGS[kind]}\n\n${table(FIELDS[kind])}`);
  const phases = [...PHASES, ...WRITTEN_PHASES].map((phase) => `| \`${phase.name}\` | ${cell(phase.doc)} |`).join('\n');
  const styles = STYLES.map(
    (style) =>
      `#### \`${style.name}\`\n\n${style.doc}\n\n\`\`\`igos\nstyle = ${style.example};\n\`\`\`${style.options.length === 0 ? '' : `\n\n${table(style.options)}`}`,
  );
  const library = LIBRARY.map((entry) => `#### \`${entry.name}\`\n\n${entry.doc}\n\n\`\`\`igos\n${entry.example}\n\`\`\``).join(
    '\n\n',
  );
  return `${[
    ...declarations,
    `### Phases, in their order\n\n| phase | text |\n| --- | --- |\n${phases}\n\nHooks: ${HOOKS.map((hook) => `\`${hook.name}\``).join(', ')}.`,
    `### Library\n\n${library}\n\n### Styles\n\n${styles.join('\n\n')}`,
  ].join('\n\n')}\n`;
}

/** The fields of one kind as plain text for a terminal, for `igos help package`. */
export function renderFieldHelp(kind: DeclarationKind): string {
  return FIELDS[kind]
    .map((field) => {
      const default_ = field.isRequired && field.default === undefined ? 'required' : `default: ${field.default ?? 'none'}`;
      return `${field.name}: ${SHAPES[field.shape]} (${default_})\n    ${field.doc}\n    ${field.name} = ${field.example};\n`;
    })
    .join('\n');
}

const table = (fields: readonly FieldSpec[]): string =>
  `| field | is | without it | |\n| --- | --- | --- | --- |\n${fields.map(row).join('\n')}`;

function row(field: FieldSpec): string {
  const without = field.default ?? (field.isRequired ? '*an error*' : 'none');
  const merged = field.isMerged ? ' An override adds to it key by key; `null` takes a key away.' : '';
  return `| \`${field.name}\` | ${SHAPES[field.shape]} | ${cell(without)} | ${cell(field.doc)}${merged} <br> \`${cell(`${field.name} = ${field.example};`)}\` |`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
