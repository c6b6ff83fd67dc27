/** Fields whose value plainly has the wrong type, seen without evaluating: `build = "gcc";`, `build = [ "gcc" ];`. */
import { bytesToText, Fault, type Label } from '../../base/index.ts';
import type { Expr } from '../../lang/index.ts';
import type { DeclaredLayer, DeclaredNames } from './collect.ts';
import { type DeclarationKind, FIELDS } from './fields.ts';
import { unquotedHint } from './read-field.ts';
import { type FieldSpec, ITEMS, SHAPES, type ShapeName } from './shape.ts';

type Literal = 'int' | 'float' | 'string' | 'path' | 'list' | 'attrs' | 'lambda';

const NAMES: Readonly<Record<Literal, string>> = {
  int: 'an integer',
  float: 'a float',
  string: 'a string',
  path: 'a path',
  list: 'a list',
  attrs: 'a set',
  lambda: 'a function',
};

/** The literals that can be right; what is computed is judged when it is evaluated. */
const ALLOWED: Readonly<Record<ShapeName, readonly Literal[]>> = {
  line: ['string'],
  text: ['string'],
  bool: [],
  release: ['int'],
  version: ['string'],
  tier: ['string'],
  tiers: ['list'],
  packages: ['list'],
  names: ['list'],
  strings: ['list'],
  patterns: ['list'],
  sources: ['path', 'list', 'attrs', 'string'],
  paths: ['path', 'list', 'attrs', 'string'],
  style: ['attrs'],
  phases: ['attrs'],
  environment: ['attrs'],
  modes: ['attrs'],
  capabilities: ['attrs'],
  triggers: ['attrs'],
  services: ['attrs'],
  check: ['attrs'],
  references: ['string'],
  memory: ['string'],
  compiler: ['string'],
  files: ['attrs'],
  boot: ['attrs'],
  trees: ['list'],
  path: ['path'],
  links: ['attrs'],
  globs: ['list'],
  probes: ['list'],
  reasons: ['attrs'],
  waivers: ['attrs'],
  data: ['attrs'],
};

const ALLOWED_ITEMS: Partial<Record<ShapeName, readonly Literal[]>> = {
  tiers: ['string'],
  packages: [],
  names: ['string'],
  strings: ['string'],
  patterns: ['string'],
  trees: ['path'],
  globs: ['string'],
  probes: ['string'],
};

/** All of a tree's. Cost: linear in the fields and the items of their lists. */
export function checkLiterals({ packages, tiers, systems }: DeclaredNames): Fault[] {
  const found: Fault[] = [];
  for (const declared of [...packages.values(), ...tiers.values(), ...systems.values()]) {
    const subject = `${declared.kind} '${declared.name}'`;
    check(declared.kind, subject, declared.layers);
    for (const split of declared.splits.values()) check('split', `split '${split.output}' of ${subject}`, split.layers);
  }
  return found;

  function check(kind: DeclarationKind, subject: string, layers: readonly DeclaredLayer[]): void {
    for (const { fields, file } of layers) {
      for (const [name, { value }] of fields) {
        const spec = FIELDS[kind].find((each) => each.name === name);
        if (spec === undefined || value.kind !== 'expr') continue;
        const at = ({ start, end }: Expr, text: string): Label => ({ source: file.source, start, end, text });
        const type = literalOf(value.expr);
        if (type !== undefined && !ALLOWED[spec.shape].includes(type)) {
          found.push(
            wrong(
              spec,
              `'${name}' of ${subject} is ${shown(value.expr, type, file)}`,
              at(value.expr, `expected ${SHAPES[spec.shape]}`),
            ),
          );
        }
        const items = ALLOWED_ITEMS[spec.shape];
        if (value.expr.kind !== 'list' || items === undefined) continue;
        for (const item of value.expr.items) {
          const inner = literalOf(item);
          if (inner === undefined || items.includes(inner)) continue;
          const label = at(item, `expected ${ITEMS[spec.shape]}`);
          found.push(
            spec.shape === 'packages'
              ? noPackage(spec, `${subject} holds ${shown(item, inner, file)}`, item, label, packages)
              : wrong(spec, `an item of '${name}' of ${subject} is ${shown(item, inner, file)}`, label),
          );
        }
      }
    }
  }
}

/** With the value, as evaluation would show it, where it is short. */
function shown({ start, end }: Expr, type: Literal, { source }: DeclaredLayer['file']): string {
  const isShort = (type === 'string' || type === 'int' || type === 'float') && end - start < 40;
  return isShort ? `${NAMES[type]} (${bytesToText(source.text.slice(start, end))})` : NAMES[type];
}

const literalOf = ({ kind }: Expr): Literal | undefined => (Object.hasOwn(NAMES, kind) ? (kind as Literal) : undefined);

const wrong = (spec: FieldSpec, message: string, label: Label): Fault =>
  new Fault('E-DECL-003', message, { labels: [label], hints: [`write it like: ${spec.name} = ${spec.example};`] });

function noPackage(spec: FieldSpec, subject: string, item: Expr, label: Label, packages: DeclaredNames['packages']): Fault {
  const [text] = item.kind === 'string' && item.parts.length === 1 ? item.parts : [];
  const isName = typeof text === 'string' && packages.has(text);
  return new Fault('E-DECL-006', `'${spec.name}' of ${subject}, which is not a package`, {
    labels: [label],
    hints: [isName ? unquotedHint(text) : `write it like: ${spec.name} = ${spec.example};`],
  });
}
