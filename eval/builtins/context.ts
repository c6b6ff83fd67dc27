/** String contexts: what a string depends on. */
import { type Bytes, bytesToText, compareBytes } from '../../base/index.ts';
import { type InputOutput, tryParseStorePath } from '../../store/index.ts';
import { type Attrs, attrsFromMap, attrsFromRecord } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Gathering } from '../gathered.ts';
import { ContextString, type Slot, type Value, withContext } from '../value.ts';
import { builtinFault } from './faults.ts';

/** One element of a context, taken apart. */
export type ContextElement =
  | { readonly kind: 'path'; readonly path: string }
  /** Everything that the derivation needs, and all its outputs. */
  | { readonly kind: 'closure'; readonly path: string }
  | ({ readonly kind: 'output' } & InputOutput);

export function parseContextElement(text: string): ContextElement {
  if (text.startsWith('=')) return { kind: 'closure', path: text.slice(1) };
  if (!text.startsWith('!')) return { kind: 'path', path: text };
  const end = text.indexOf('!', 1);
  return { kind: 'output', output: text.slice(1, end), path: text.slice(end + 1) };
}

const text = (ctx: Evaluator, slot: Slot, name: string): { bytes: Bytes; context: Set<string> } => {
  const context = new Set<string>();
  return { bytes: ctx.coerceToString(slot, `the argument passed to builtins.${name}`, context), context };
};

/** For dependencies that nobody asks about. */
const nowhere: Gathering = { add: () => undefined };

export const contextBuiltins: readonly Builtin[] = [
  builtin({
    name: 'addDrvOutputDependencies',
    args: ['s'],
    doc: 'Makes a string that depends on a `.drv` file depend on all that the derivation needs and on its outputs too, as `drv.drvPath` does. The opposite of `unsafeDiscardOutputDependency`.',
    impl: addDrvOutputDependencies,
  }),
  builtin({
    name: 'appendContext',
    args: ['s', 'context'],
    doc: 'Adds dependencies to a string, in the form that `getContext` gives.',
    impl: appendContext,
  }),
  builtin({
    name: 'getContext',
    args: ['s'],
    doc: 'What a string depends on: a set of store paths, each with `path = true`, `allOutputs = true` or `outputs = [ … ]`.',
    example: ['builtins.getContext "no context"', '{ }'],
    impl: getContext,
  }),
  builtin({
    name: 'hasContext',
    args: ['s'],
    doc: 'Whether a string depends on anything of the store.',
    example: ['builtins.hasContext "no context"', 'false'],
    impl: (ctx, s) => {
      const context = new Set<string>();
      ctx.forceString(s, 'the argument passed to builtins.hasContext', context);
      return context.size > 0;
    },
  }),
  builtin({
    name: 'unsafeDiscardOutputDependency',
    args: ['s'],
    doc: 'Makes a string that depends on a whole derivation (`drv.drvPath`) depend on the `.drv` file only. Unsafe: what is built from it may miss the outputs.',
    impl: (ctx, s) => {
      const { bytes, context } = text(ctx, s, 'unsafeDiscardOutputDependency');
      return withContext(bytes, new Set([...context].map((each) => (each.startsWith('=') ? each.slice(1) : each))));
    },
  }),
  builtin({
    name: 'unsafeDiscardStringContext',
    args: ['s'],
    doc: 'The string without its dependencies. Unsafe: what is built from it may name paths that are not there.',
    example: ['builtins.unsafeDiscardStringContext "x"', '"x"'],
    impl: (ctx, s) => ctx.coerceToString(s, 'the argument passed to builtins.unsafeDiscardStringContext', nowhere),
  }),
];

function addDrvOutputDependencies(ctx: Evaluator, s: Slot): Value {
  const { bytes, context } = text(ctx, s, 'addDrvOutputDependencies');
  const elements = [...context];
  if (elements.length !== 1) {
    throw builtinFault(
      'E-EVAL-112',
      `context of string '${bytesToText(bytes)}' must have exactly one element, but has ${elements.length}`,
    );
  }
  const element = parseContextElement(elements[0]!);
  if (element.kind === 'closure') return withContext(bytes, context);
  if (element.kind === 'output') {
    throw builtinFault(
      'E-EVAL-112',
      `\`addDrvOutputDependencies\` can only act on derivations, not on a derivation output such as '${element.output}'`,
      {
        hints: ["apply it to the 'drvPath' of the derivation"],
      },
    );
  }
  if (!element.path.endsWith('.drv')) throw builtinFault('E-EVAL-112', `path '${element.path}' is not a derivation`);
  return new ContextString(bytes, [`=${element.path}`]);
}

function getContext(ctx: Evaluator, s: Slot): Value {
  const context = new Set<string>();
  ctx.forceString(s, 'the argument passed to builtins.getContext', context);
  const byPath = new Map<string, { isPath: boolean; isClosure: boolean; outputs: string[] }>();
  for (const each of context) {
    const element = parseContextElement(each);
    const info = byPath.get(element.path) ?? { isPath: false, isClosure: false, outputs: [] };
    byPath.set(element.path, info);
    if (element.kind === 'path') info.isPath = true;
    else if (element.kind === 'closure') info.isClosure = true;
    else info.outputs.push(element.output);
  }
  const entries = new Map<Bytes, Slot>();
  for (const [path, { isPath, isClosure, outputs }] of byPath) {
    entries.set(
      path,
      attrsFromRecord({
        ...(isClosure ? { allOutputs: true } : {}),
        ...(outputs.length > 0 ? { outputs: outputs.sort(compareBytes) } : {}),
        ...(isPath ? { path: true } : {}),
      }),
    );
  }
  return attrsFromMap(entries);
}

function appendContext(ctx: Evaluator, s: Slot, additions: Slot): Value {
  const context = new Set<string>();
  const bytes = ctx.forceString(s, 'the first argument passed to builtins.appendContext', context);
  const set = ctx.forceAttrs(additions, 'the second argument passed to builtins.appendContext');
  set.names.forEach((path, index) => {
    if (tryParseStorePath(path, ctx.io.store.storeDir) === undefined) {
      throw builtinFault('E-EVAL-112', `context key '${bytesToText(path)}' is not a store path`);
    }
    const info = ctx.forceAttrs(set.slots[index]!, `the context of '${path}' passed to builtins.appendContext`);
    for (const each of contextOf(ctx, path, info)) context.add(each);
  });
  return withContext(bytes, context);
}

function contextOf(ctx: Evaluator, path: Bytes, info: Attrs): string[] {
  const flag = (name: string): boolean => {
    const slot = info.get(name);
    return slot !== undefined && ctx.forceBool(slot, `the '${name}' attribute of a string context`);
  };
  const found = flag('path') ? [path] : [];
  if (flag('allOutputs')) {
    if (!path.endsWith('.drv')) throw notADerivation('all-outputs', path);
    found.push(`=${path}`);
  }
  const outputs = info.get('outputs');
  if (outputs === undefined) return found;
  const names = ctx.forceList(outputs, "the 'outputs' attribute of a string context");
  if (names.length > 0 && !path.endsWith('.drv')) throw notADerivation('derivation output', path);
  for (const name of names) {
    found.push(`!${ctx.forceStringNoContext(name, 'an output name within a string context')}!${path}`);
  }
  return found;
}

const notADerivation = (what: string, path: Bytes) =>
  builtinFault('E-EVAL-112', `tried to add ${what} context of ${path}, which is not a derivation, to a string`);
