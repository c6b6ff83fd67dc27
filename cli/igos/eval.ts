import { Fault, SourceFile, textToBytes } from '../../base/index.ts';
import { ContextString, type Slot, type Value, writeXml } from '../../eval/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { NeedsWriting, openSession, type Session } from '../session.ts';
import { evalInTree, expressionAt, splitOperand, Trees } from '../targets.ts';

export function run(context: Context, args: Arguments): undefined {
  const forms = ['json', 'raw', 'xml'].filter((form) => args.has(form)).map((form) => `--${form}`);
  if (forms.length > 1) throw new UsageError(`${forms.join(' and ')} are different forms of one value: give one of them`);
  let nPrinted = 0;
  const onPrinted = (): void => void nPrinted++;
  if (!args.has('read-write-mode')) {
    try {
      evaluate(context, args, { isReadOnly: true, nPrinted, onPrinted });
      return;
    } catch (error) {
      if (!(error instanceof NeedsWriting)) throw error;
    }
  }
  evaluate(context, args, { isReadOnly: false, nPrinted, onPrinted });
}

interface Attempt {
  readonly isReadOnly: boolean;
  /** So many values were printed before, by an attempt that had to begin anew. */
  readonly nPrinted: number;
  readonly onPrinted: () => void;
}

function evaluate(context: Context, args: Arguments, { isReadOnly, nPrinted, onPrinted }: Attempt): void {
  using session = openSession(context, args, { isReadOnly });
  let at = 0;
  for (const value of chosenValues(context, args, session)) {
    if (at++ < nPrinted) continue;
    print(context, args, session, value);
    onPrinted();
  }
  // Where it may write, what it names is in the store, also where nothing asked for it on the way.
  session.bridge.flush();
}

/** In turn: those before one that fails are printed. */
function* chosenValues(context: Context, args: Arguments, session: Session): Iterable<Value> {
  const { interpreter, autoArgs } = session;
  const paths = args.all('attr').map(([path]) => path!);
  // As Nix does: a function is a value, unless somebody gave arguments.
  const ended = (value: Value): Value => (autoArgs.size === 0 ? value : interpreter.callWithAutoArgs(value, autoArgs));
  for (const operand of args.operands.length === 0 ? [undefined] : args.operands) {
    const start = startValue(context, args, session, operand);
    if (paths.length === 0) yield ended(start);
    for (const path of paths) yield ended(interpreter.selectAttrPath(start, textToBytes(path), autoArgs));
  }
}

function startValue(context: Context, args: Arguments, session: Session, operand: string | undefined): Value {
  const { interpreter } = session;
  const expression = args.value('expr');
  const basePath = textToBytes(context.workingDirectory);
  if (operand === undefined) {
    if (expression === undefined) throw new UsageError('eval needs a FILE, a TREE or --expr', ["igos eval --expr '1 + 2'"]);
    return interpreter.evalExpr(textToBytes(expression), { basePath, name: '«string»' });
  }
  if (operand === '-') {
    return interpreter.evalExpr(context.readInput(), { basePath, name: '«stdin»' });
  }
  const { path, name } = splitOperand(operand);
  const value = expressionAt(path, context, session);
  if (value !== undefined) {
    if (expression !== undefined) throw new UsageError(`'${path}' is an expression: --expr goes with a tree, or alone`);
    return name === undefined ? value : interpreter.selectAttrPath(value, textToBytes(name), session.autoArgs);
  }
  const tree = new Trees(session).open(path);
  if (expression !== undefined) return evalInTree(expression, { path, name }, tree, context, session);
  const inTree = name === undefined ? '{ inherit packages tiers systems; }' : `packages."${name}" or systems."${name}"`;
  if (name !== undefined && !tree.systems.has(name)) tree.select(name);
  return interpreter.guard(() => tree.evalExpr(new SourceFile('<tree>', textToBytes(inTree)), context.workingDirectory));
}

function print(context: Context, args: Arguments, session: Session, value: Slot): void {
  const { interpreter } = session;
  if (args.has('raw')) {
    const forced = interpreter.force(value);
    const text = forced instanceof ContextString ? forced.text : forced;
    if (typeof text !== 'string') {
      throw new Fault('E-CLI-006', `--raw prints a string, and this is ${interpreter.ctx.describeType(forced)}`, {
        hints: ['leave --raw out, or wrap the expression in toString'],
      });
    }
    context.out.bytes(text);
  } else if (args.has('xml')) {
    const options = { isLocated: !args.has('no-location'), isStrict: args.has('strict') };
    context.out.foreign(interpreter.guard(() => writeXml(interpreter.ctx, value, new Set(), options)));
  } else if (context.isJson) context.out.foreign(`${interpreter.toJson(value)}\n`);
  else context.out.foreign(`${interpreter.print(value, { isStrict: args.has('strict') })}\n`);
}
