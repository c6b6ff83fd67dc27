/** Names that a text binds and never uses, and every `with` that nothing can come from: what an editor shows in grey. */
import type { Binding, NameScope } from '../../lang/index.ts';
import type { File } from './files.ts';
import { globalNames } from './language-names.ts';

interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Unused extends Stretch {
  readonly message: string;
  /** What goes with it, where nobody else can notice: not an argument, which callers may give by its name. */
  readonly removal?: Stretch;
}

/** In no order. Nothing of a file with syntax errors: what uses a name may be what cannot be read. Cost: linear. */
export function unusedIn(file: File): Unused[] {
  return file.isBroken ? [] : [...unusedNames(file), ...unusedWiths(file)];
}

function unusedNames(file: File): Unused[] {
  const found: Unused[] = [];
  const bindings = new Map<number, Binding>();
  for (const spot of file.spots)
    if ((spot.kind === 'key' || spot.kind === 'inherited') && spot.holder.kind === 'let') bindings.set(spot.start, spot.binding);
  const wholes = new Set(file.names.locals.flatMap(({ kind, scope }) => (kind === 'whole' ? [scope] : [])));
  for (const { kind, name, uses, places, scope } of file.names.locals) {
    if (uses.length > 0 || name.startsWith('_')) continue;
    const [place] = places;
    if (kind === 'let') {
      if (name === 'body') continue; // the value of `let { … }`
      const binding = places.length === 1 ? bindings.get(place!.start) : undefined;
      const removal = binding && removalOf(file.text, binding, place!);
      for (const each of places) found.push({ ...stretch(each), message: NOT_USED, ...(removal && { removal }) });
    } else if (kind === 'whole') found.push({ ...stretch(place!), message: NOT_USED });
    else if (kind === 'formal') {
      // the whole argument holds it as well
      if (!wholes.has(scope)) found.push({ ...stretch(place!), message: 'this argument is not used' });
    }
  }
  return found;
}

const NOT_USED = 'this name is not used';

const stretch = ({ start, end }: Stretch): Stretch => ({ start, end });

/** A binding, of several inherited names the one: with its lines where nothing else stands on them, else with the blanks before it. */
function removalOf(text: string, binding: Binding, name: Stretch): Stretch {
  const { start, end } = binding.kind === 'inherit' && binding.names.length > 1 ? name : binding;
  const before = /[ \t]*$/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))![0].length;
  const behind = /^[ \t]*(?:\r?\n)?/.exec(text.slice(end, end + 200))![0];
  const isAlone = behind.endsWith('\n') && (start === before || text[start - before - 1] === '\n');
  if (isAlone) return { start: start - before, end: end + behind.length };
  return { start: /[\s;]/.test(text[end] ?? '') ? start - before : start, end };
}

/** A name that the text does not bind and the language does not bring can come from any `with` around it. */
function unusedWiths({ names, text }: File): Unused[] {
  const used = new Set<NameScope>();
  for (const { local, name, scope } of names.uses) {
    if (local !== undefined || globalNames().has(name)) continue;
    for (let at: NameScope | undefined = scope; at !== undefined && !used.has(at); at = at.around) used.add(at);
  }
  const found: Unused[] = [];
  for (const expr of names.scopeOf.keys()) {
    if (expr.kind !== 'with' || used.has(names.scopeOf.get(expr.body)!)) continue;
    const { start } = expr;
    if (text.startsWith('with', start)) found.push({ start, end: start + 4, message: 'nothing comes from this `with`' });
  }
  return found;
}
