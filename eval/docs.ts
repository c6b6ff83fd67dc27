/** Documentation by name and by value, for the repl and editors: builtins, the library, fields of declarations, doc comments. */
import { type Bytes, bytesToText, place, type Span } from '../base/index.ts';
import { docCommentBefore } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { renderBuiltinDoc } from './builtins/documentation.ts';
import { builtinTable } from './builtins/table.ts';
import { renderFieldHelp } from './declare/field-docs.ts';
import { type DeclarationKind, FIELDS } from './declare/fields.ts';
import { HOOKS, PHASES } from './declare/phases.ts';
import { type FieldSpec, SHAPES } from './declare/shape.ts';
import { STYLES } from './declare/styles.ts';
import { LIBRARY } from './library/library.ts';
import { force } from './thunk.ts';
import { Lambda, PrimOp, PrimOpApp, type Value } from './value.ts';

/**
 * What is written about a value itself, as Markdown: a builtin, a name of the library, a function (or a set that can be called)
 * with a comment before it; `undefined` where nothing is. May evaluate `__functor`.
 */
export function documentValue(value: Value): string | undefined {
  if (value instanceof PrimOp) return documentPrimOp(value);
  if (value instanceof PrimOpApp) return documentPrimOp(value.op);
  if (value instanceof Lambda) {
    const doc = docCommentAt(value.site.span);
    return doc && definition(`Function${value.site.name === undefined ? '' : ` \`${value.site.name}\``}`, value.site.span, doc);
  }
  const functor = value instanceof Attrs ? value.get('__functor') : undefined;
  return functor === undefined ? undefined : documentValue(force(functor));
}

/** What is written before an attribute where it is defined. */
export function documentAttribute(name: Bytes, span: Span): string | undefined {
  const doc = docCommentAt(span);
  return doc && definition(`Attribute \`${bytesToText(name)}\``, span, doc);
}

/** The text of the documentation comment before a place. */
export function docCommentAt(span: Span): string | undefined {
  const doc = docCommentBefore(span.source.text, span.start);
  return doc === undefined ? undefined : bytesToText(doc);
}

const definition = (what: string, span: Span, doc: string): string => `${what}\n\n  … defined at ${place(span)}\n\n${doc}\n`;

function documentPrimOp({ name, impl }: PrimOp): string | undefined {
  const isBuiltin = builtinTable.some((entry) => entry.name === name && 'impl' in entry && entry.impl === impl);
  return isBuiltin ? renderBuiltinDoc(name) : documentLibrary(name);
}

/** A name of the library of declarations: fetchers, styles, `lib`. */
export function documentLibrary(name: string): string | undefined {
  const entry = LIBRARY.find((each) => each.name === name);
  if (entry !== undefined) return `## ${name}\n\n${entry.doc}\n\n\`\`\`igos\n${entry.example}\n\`\`\`\n`;
  const style = STYLES.find((each) => each.name === name);
  if (style === undefined) return undefined;
  const options = style.options.map((option) => `\n${fieldText(option)}`).join('');
  return `## ${name}\n\n${style.doc}\n\n\`\`\`igos\nstyle = ${style.example};\n\`\`\`\n${options}`;
}

/** A kind of declaration, one of its fields, or a phase: `package`, `package.style`, `package.phases.check`. */
export function documentDeclaration(topic: string): string | undefined {
  const [word, field, phase, ...more] = topic.split('.');
  const kind = word === 'override' ? 'package' : word!;
  if (!Object.hasOwn(FIELDS, kind) || more.length > 0) return undefined;
  const fields = FIELDS[kind as DeclarationKind];
  if (field === undefined) return `${word}: ${fields.length} fields\n\n${renderFieldHelp(kind as DeclarationKind)}`;
  const spec = fields.find((each) => each.name === field);
  if (spec === undefined) return undefined;
  if (phase === undefined) return fieldText(spec);
  return field === 'phases' ? [...PHASES, ...HOOKS].find((each) => each.name === phase)?.doc : undefined;
}

/** The names that `documentDeclaration` knows below a topic. */
export function declarationTopics(topic: string): readonly string[] {
  if (topic === '') return [...Object.keys(FIELDS), 'override'];
  const [word, field, ...more] = topic.split('.');
  const kind = word === 'override' ? 'package' : word!;
  if (!Object.hasOwn(FIELDS, kind) || more.length > 0) return [];
  if (field === undefined) return FIELDS[kind as DeclarationKind].map((each) => each.name);
  return field === 'phases' ? [...PHASES, ...HOOKS].map((each) => each.name) : [];
}

/** One field as text: what it is, what holds without it, an example. */
export function fieldText(field: FieldSpec): string {
  const without = field.isRequired && field.default === undefined ? 'required' : `default: ${field.default ?? 'none'}`;
  return `${field.name}: ${SHAPES[field.shape]} (${without})\n    ${field.doc}\n    ${field.name} = ${field.example};\n`;
}
