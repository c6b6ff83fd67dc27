/** The evaluator as the commands and the declarations see it. Every fault that leaves it has its places and its trace. */
import { type Bytes, SourceFile } from '../base/index.ts';
import type { FileTree } from '../lang/index.ts';
import { parseExpr } from '../lang/index.ts';
import { checkNames } from './compile/check-names.ts';
import { compiler } from './compile/compiler.ts';
import { forceDeep } from './deep.ts';
import { dataDepth } from './depth.ts';
import type { Evaluator } from './evaluator.ts';
import type { EvalIO, EvalSettings } from './io.ts';
import { type BuiltinProvider, Machine } from './machine.ts';
import { withOwnFiles } from './own-files.ts';
import { parseOptions } from './parsing.ts';
import { printValue } from './print.ts';
import type { Scoping } from './scope.ts';
import { Scopes } from './scoping.ts';
import { callWithAutoArgs, selectAttrPath } from './selection.ts';
import { force } from './thunk.ts';
import { valueToJson } from './to-json.ts';
import { finishTrace } from './trace.ts';
import { rootEnv, type Slot, type Value } from './value.ts';

export interface Interpreter {
  /** What builtins get. */
  readonly ctx: Evaluator;
  readonly scopes: Scoping;

  /** Evaluates a file, or the `default.nix` of a folder; once per file. @throws Fault, Faults (syntax) */
  evalFile(path: Bytes): Value;
  /** Evaluates a text; its relative paths start at `basePath`. `name` is how messages call it, `<expr>` by default. */
  evalExpr(text: Bytes, options: { readonly basePath: Bytes; readonly name?: string }): Value;
  /** A file's tree and source, read once. @throws Faults (syntax) */
  parseFile(path: Bytes): { readonly source: SourceFile; readonly tree: FileTree };
  callWithAutoArgs(value: Value, args: ReadonlyMap<Bytes, Slot>): Value;
  selectAttrPath(value: Value, path: Bytes, args: ReadonlyMap<Bytes, Slot>): Value;
  force(slot: Slot): Value;
  /** `isStrict`: all of it, otherwise only what is there already. */
  print(slot: Slot, options: { readonly isStrict: boolean }): Bytes;
  /** What the strings depend on is added to `context`. */
  toJson(slot: Slot, context?: Set<string>): Bytes;
  /** Runs anything that evaluates; what it throws is made presentable. */
  guard<T>(run: () => T): T;
}

export interface InterpreterOptions extends BuiltinProvider {
  readonly io: EvalIO;
  readonly settings?: EvalSettings;
}

export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { io, settings = {} } = options;
  const machine = new Machine(withOwnFiles(io), settings, options);
  const scopes = new Scopes(machine.files);
  const noArgs: ReadonlyMap<Bytes, Slot> = new Map();
  return {
    ctx: machine,
    scopes,
    guard,
    evalFile: (path) => guard(() => machine.importFile(path)),
    evalExpr: (text, { basePath, name = '<expr>' }) =>
      guard(() => {
        const source = new SourceFile(name, text);
        const expr = parseExpr(source, parseOptions(machine));
        checkNames(expr, source, machine);
        return compiler.compile(expr, machine.files.rootScope(source, basePath, undefined))(rootEnv);
      }),
    parseFile: (path) => guard(() => machine.files.parse(machine.files.resolve(path))),
    callWithAutoArgs: (value, args) => guard(() => callWithAutoArgs(value, args)),
    selectAttrPath: (value, path, args = noArgs) => guard(() => selectAttrPath(value, path, args)),
    force: (slot) => guard(() => force(slot)),
    print: (slot, { isStrict }) =>
      guard(() => {
        if (isStrict) forceDeep(slot, dataDepth(settings));
        return printValue(slot, { isStrict });
      }),
    toJson: (slot, context = new Set()) => guard(() => valueToJson(machine, slot, context)),
  };
}

function guard<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw finishTrace(error);
  }
}
