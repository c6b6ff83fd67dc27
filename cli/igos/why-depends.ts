import { typedWord } from '../../base/index.ts';
import { type Mention, mentions, type ObjectStore, type Reference, type StorePath, waysBetween } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';
import { bytesToWord } from '../words.ts';

/** Exit status 1 where the one does not depend on the other. */
export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  const [from, to] = await Promise.all(args.operands.map((operand) => onePath(context, store, operand)));
  const steps = waysBetween(store.graph([from!]), from!, to!, { shortest: !args.has('all') });
  const isPrecise = args.has('precise');
  if (context.isJson) {
    const rows = steps.map((step) => ({ ...step, ...(isPrecise ? { mentions: [...mentions(store, step)].map(shown) } : {}) }));
    context.out.json({ from, to, dependsOn: steps.length > 0 || from === to, references: rows });
  } else if (from === to) context.out.talk('that is one and the same path');
  else if (steps.length === 0) {
    context.out.talk(`${from} does not depend on ${to}`);
    const declared = args.operands.find((operand) => operand.includes('#'));
    if (declared !== undefined)
      context.out.talk(
        `hint: that is, nothing in it names the other; what a package declares to need shows: igos show ${typedWord(declared)}`,
      );
  } else for (const line of tree(store, from!, steps, isPrecise)) context.out.line(line);
  return steps.length > 0 || from === to ? 0 : 1;
}

async function onePath(context: Context, store: ObjectStore, operand: string): Promise<StorePath> {
  const [path, other] = await validPaths(context, store, [operand]);
  if (other !== undefined)
    throw new UsageError(`'${operand}' is more than one path`, ['name one of its outputs by its store path']);
  return path!;
}

const shown = (mention: Mention) => ({ ...mention, file: bytesToWord(mention.file) });

/** A path that was shown with what it refers to is not shown so again. */
function* tree(store: ObjectStore, from: StorePath, steps: readonly Reference[], isPrecise: boolean): Iterable<string> {
  const below = Map.groupBy(steps, (step) => step.from);
  const done = new Set<StorePath>();
  yield from;
  const stack: { step: Reference; indent: string; isLast: boolean }[] = [];
  const push = (path: StorePath, indent: string) => {
    done.add(path);
    const children = below.get(path) ?? [];
    children.forEach((step, i) => {
      stack.push({ step: children.at(-1 - i) ?? step, indent, isLast: i === 0 });
    });
  };
  push(from, '');
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { step, indent, isLast } = top;
    const inner = `${indent}${isLast ? '  ' : '│ '}`;
    const isRepeated = done.has(step.to) && below.has(step.to);
    yield `${indent}${isLast ? '└─' : '├─'}${step.to}${isRepeated ? ' (see above)' : ''}`;
    if (isPrecise) {
      for (const { file, kind, offset, context } of mentions(store, step)) {
        const what = kind === 'contents' ? `byte ${offset}` : kind === 'target' ? 'link target' : 'name';
        yield `${inner}  in ${file === '' ? 'the file itself' : bytesToWord(file)}, ${what}: ${context}`;
      }
    }
    if (!isRepeated) push(step.to, inner);
  }
}
