/** What TREE#NAME, a file, an expression or a .drv path on the command line stands for. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { absolutePath, Fault, Faults, SourceFile, textToBytes, typedWord } from '../base/index.ts';
import { Attrs, ContextString, type EvalIO, evalTree, type PackageInfo, type Tree, type Value } from '../eval/index.ts';
import { parse } from '../lang/index.ts';
import { parseStorePath, type StorePath } from '../store/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { parseDerivationOperand } from './derivation-operand.ts';
import type { Session } from './session.ts';

/** One thing to be built, or that is there without a build. */
export interface Target {
  /** As messages call it: a package's name, an attribute path. */
  readonly label: string;
  readonly drvPath?: StorePath;
  /** Empty: all outputs. */
  readonly outputs: readonly string[];
  /** Where nothing is built (host tools). */
  readonly outPath?: StorePath;
  readonly info?: PackageInfo;
  readonly tree?: Tree;
}

/** `examples/tour/v1#greet`: folder and name. */
export interface Operand {
  readonly path: string;
  readonly name: string | undefined;
}

/** A package of that name comes first. */
export const namesSystem = (tree: Tree, name: string | undefined): name is string =>
  name !== undefined && !tree.packages.has(name) && tree.systems.has(name);

export function splitOperand(operand: string): Operand {
  const hash = operand.lastIndexOf('#');
  if (hash === -1) return { path: operand, name: undefined };
  if (hash === operand.length - 1)
    throw new UsageError(`'${operand}' names nothing after '#'`, ['write TREE#NAME, or TREE for all of it']);
  return { path: hash === 0 ? '.' : operand.slice(0, hash), name: operand.slice(hash + 1) };
}

/** `<nixpkgs>`, `<nixpkgs/lib>`: on the search path, as in the language. */
const SEARCHED = /^<[\w.+-]+(?:\/[\w.+-]+)*>$/;

/** Whether a path holds one expression rather than declarations. @throws Fault E-CLI-002 */
export function holdsExpression(given: string, io: EvalIO, absolute: string = resolve(given)): boolean {
  if (SEARCHED.test(given)) return true;
  const path = textToBytes(absolute);
  io.admit?.(path);
  if (!io.pathExists(path)) {
    throw new Fault('E-CLI-002', `there is no file or tree '${given}'`, {
      hints: ['a tree is a folder with *.igos files, or one such file'],
    });
  }
  if (io.lstat(io.realpath(path)) === 'directory') {
    const entries = io.readDir(path);
    if (!entries.has('default.nix') || !io.pathExists(`${path}/default.nix`)) return false;
    return ![...entries].some(([name, kind]) => name.endsWith('.igos') && kind === 'regular');
  }
  if (path.endsWith('.nix')) return true;
  const { tree, diagnostics } = parse(new SourceFile(given, io.readFile(path)), { kind: 'igos' });
  return diagnostics.length === 0 && tree.kind === 'expr';
}

/** The value of the expression that a path holds; `undefined` where there are declarations. @throws Fault E-CLI-002 */
export function expressionAt(path: string, { workingDirectory }: Context, { interpreter }: Session): Value | undefined {
  const file = absolutePath(workingDirectory, path);
  if (!holdsExpression(path, interpreter.ctx.io, file)) return undefined;
  if (!SEARCHED.test(path)) return interpreter.evalFile(textToBytes(file));
  return interpreter.evalExpr(textToBytes(`import ${path}`), { basePath: textToBytes(workingDirectory), name: path });
}

/** Opens each tree once. */
export class Trees {
  readonly #session: Session;
  readonly #trees = new Map<string, Tree>();
  constructor(session: Session) {
    this.#session = session;
  }

  open(path: string): Tree {
    const key = resolve(path);
    let tree = this.#trees.get(key);
    if (tree === undefined) {
      try {
        tree = evalTree(this.#session.interpreter, path);
      } catch (error) {
        pointingOutFolder(path, error);
        throw error;
      }
      this.#trees.set(key, tree);
    }
    return tree;
  }
}

/** The name of a package, and no tree of that name: what is to be written where the tree is this folder. */
function pointingOutPackages<T>(operand: string, { workingDirectory }: Context, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isNoTree = error instanceof Fault && (error.code === 'E-CLI-002' || error.code === 'E-DECL-015');
    if (isNoTree && /^[^./#][^/#]*$/.test(operand) && readdirSync(workingDirectory).some((name) => name.endsWith('.igos')))
      error.hints = [`a package of the tree in this folder is written '.#${operand}'`, ...error.hints];
    throw error;
  }
}

/** Tiers that a file does not know may be in the files beside it: one file as an operand is a tree of its own. */
function pointingOutFolder(path: string, error: unknown): void {
  const faults: readonly unknown[] = error instanceof Faults ? error.faults : [error];
  const unknown = faults.find((each): each is Fault => each instanceof Fault && each.code === 'E-DECL-004');
  if (unknown === undefined || !path.endsWith('.igos') || !statSync(path).isFile()) return;
  const folder = dirname(path);
  if (readdirSync(folder).filter((name) => name.endsWith('.igos')).length < 2) return;
  unknown.hints = [`'${path}' alone was taken for the tree: all files of its folder are '${folder}'`, ...unknown.hints];
}

/** Packages that an operand of a tree names: one, those of a system, or all. */
function packagesOf(tree: Tree, name: string | undefined): PackageInfo[] {
  if (name === undefined) return [...tree.packages.values()];
  const system = tree.packages.has(name) ? undefined : tree.systems.get(name);
  return system === undefined ? [tree.select(name)] : tree.runtimeClosure(system.packages);
}

/** Packages of the tiers that ship: what a tree alone means wherever packages leave the store. Without what those need at run time. */
export const shippedPackages = (tree: Tree): PackageInfo[] =>
  [...tree.packages.values()].filter(({ tier }) => tree.tiers.get(tier)?.ships !== false);

/**
 * What an operand names for others: as `packagesOf`, but of a tree alone only what ships.
 *
 * @param command  as the user wrote it
 * @throws UsageError a tree of which nothing ships
 */
export function packagesForOthers(tree: Tree, operand: Operand, command: string): PackageInfo[] {
  if (operand.name !== undefined) return packagesOf(tree, operand.name);
  const shipped = shippedPackages(tree);
  if (shipped.length > 0) return shipped;
  const [one] = tree.packages.keys();
  throw new UsageError(
    `'${operand.path}' declares no package that ships`,
    one === undefined ? [] : [`what does not is named: ${command} ${typedWord(`${operand.path}#${one}`)}`],
  );
}

/**
 * Evaluates all operands (and --expr) to what is to be built; derivations are handed to the store in one batch.
 *
 * @param flush  hands them over: `StoreBridge.flush`, unless said otherwise
 */
export function resolveTargets(
  context: Context,
  args: Arguments,
  session: Session,
  flush: () => void = () => session.bridge.flush(),
): Target[] {
  const trees = new Trees(session);
  const targets: Target[] = [];
  const expression = args.value('expr');
  if (args.operands.length === 0) {
    if (expression === undefined)
      throw new UsageError(`${context.program} needs TREE[#NAME]`, ["write TREE#NAME, TREE, or --expr 'EXPRESSION'"]);
    const value = session.interpreter.evalExpr(textToBytes(expression), { basePath: textToBytes(context.workingDirectory) });
    targets.push(...derivationsOf(args, session, value));
  }
  for (const operand of args.operands) {
    const derivation = parseDerivationOperand(operand, context.storeDir, session.store);
    if (derivation !== undefined) {
      assertNoAttributes(args, operand);
      targets.push({ label: operand, ...derivation });
      continue;
    }
    const { path, name } = splitOperand(operand);
    const value = pointingOutPackages(operand, context, () => expressionAt(path, context, session));
    if (value !== undefined) {
      if (expression !== undefined) throw new UsageError(`'${path}' is an expression: --expr goes with a tree, or alone`);
      if (name !== undefined) assertNoAttributes(args, operand);
      targets.push(...derivationsOf(args, session, value, name));
      continue;
    }
    const tree = pointingOutPackages(operand, context, () => trees.open(path));
    if (expression !== undefined) {
      targets.push(...derivationsOf(args, session, evalInTree(expression, { path, name }, tree, context, session)));
      continue;
    }
    assertNoAttributes(args, operand);
    for (const info of packagesOf(tree, name)) targets.push(packageTarget(tree, info));
  }
  flush();
  return targets;
}

/** The value of `--expr` beside a tree, whose names it sees. @throws UsageError the operand names more than a tree */
export function evalInTree(expression: string, { path, name }: Operand, tree: Tree, context: Context, session: Session): Value {
  if (name !== undefined)
    throw new UsageError(`'${path}#${name}' is one of a tree: --expr goes with all of it`, [`name the tree: ${typedWord(path)}`]);
  const source = new SourceFile('«string»', textToBytes(expression));
  return session.interpreter.guard(() => tree.evalExpr(source, context.workingDirectory));
}

/** What names one thing has no attributes to choose from: to build all of it instead would be a surprise. @throws UsageError */
export function assertNoAttributes(args: Arguments, operand: string): void {
  const [chosen] = args.all('attr');
  if (chosen === undefined) return;
  throw new UsageError(`-A chooses among the attributes of an expression, and '${operand}' is none`, [
    ...(operand.includes('#') || operand.endsWith('.drv')
      ? []
      : [`a package of a tree is written ${typedWord(`${operand}#${chosen[0]}`)}`]),
  ]);
}

export function packageTarget(tree: Tree, info: PackageInfo): Target {
  const { drvPath, outPath } = info;
  return {
    label: info.name,
    outputs: drvPath === undefined ? [] : [info.outputName],
    info,
    tree,
    ...(drvPath === undefined ? {} : { drvPath }),
    ...(outPath === undefined ? {} : { outPath }),
  };
}

/** Derivations in a value: itself, or those in a set or list, as nix-instantiate finds them. */
function derivationsOf(args: Arguments, session: Session, value: Value, name?: string): Target[] {
  const { interpreter, autoArgs } = session;
  const paths = name === undefined ? args.all('attr').map(([path]) => path!) : [name];
  const roots: [string, Value][] =
    paths.length === 0
      ? [['', value]]
      : paths.map((path) => [path, interpreter.selectAttrPath(value, textToBytes(path), autoArgs)]);
  return roots.flatMap(([path, root]) => {
    const found: Target[] = [];
    collect(session, root, path, found, true);
    if (found.length > 0) return found;
    throw new Fault('E-CLI-003', `${path === '' ? 'the expression' : `'${path}'`} is not a derivation, and holds none`, {
      hints: ['choose an attribute with -A'],
    });
  });
}

/** The derivation that a value is, or those in a set or list. @throws Fault E-CLI-003 there is none */
export function derivationsIn(session: Session, value: Value, label = ''): Target[] {
  const found: Target[] = [];
  collect(session, value, label, found, true);
  if (found.length > 0) return found;
  throw new Fault('E-CLI-003', 'the expression is not a derivation, and holds none', {
    hints: [`it is ${session.interpreter.ctx.describeType(value)}`],
  });
}

/** A set may say that it is a derivation and name any path. @throws Fault E-CLI-003 */
function derivationPath(path: string, storeDir: string): StorePath {
  const found = parseStorePath(path, storeDir);
  if (found.endsWith('.drv')) return found;
  throw new Fault('E-CLI-003', `store path '${found.slice(found.lastIndexOf('/') + 1)}' is not a valid derivation path`, {
    hints: ['the attribute drvPath of a derivation is the path of a *.drv file'],
  });
}

function collect(session: Session, given: Value, label: string, found: Target[], isTop: boolean): void {
  const { interpreter, autoArgs } = session;
  const value = interpreter.callWithAutoArgs(given, autoArgs);
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(session, interpreter.force(item), `${label}${label && '.'}${index}`, found, true);
    });
    return;
  }
  if (!(value instanceof Attrs)) return;
  const text = (name: string): string | undefined => {
    const slot = value.get(name);
    if (slot === undefined) return undefined;
    const forced = interpreter.force(slot);
    return typeof forced === 'string' ? forced : forced instanceof ContextString ? forced.text : undefined;
  };
  if (text('type') === 'derivation') {
    const name = label || (text('name') ?? 'derivation');
    const drvPath = text('drvPath');
    const outPath = drvPath === undefined ? text('outPath') : undefined;
    // a package of host tools is there without a build
    if (outPath !== undefined) found.push({ label: name, outputs: [], outPath: parseStorePath(outPath, session.store.storeDir) });
    else
      found.push({
        label: name,
        drvPath: derivationPath(drvPath ?? '', session.store.storeDir),
        outputs: [text('outputName') ?? 'out'],
      });
    return;
  }
  const recurse = value.get('recurseForDerivations');
  if (!isTop && (recurse === undefined || interpreter.force(recurse) !== true)) return;
  for (const name of value.names)
    collect(session, interpreter.force(value.get(name)!), `${label}${label && '.'}${name}`, found, false);
}
