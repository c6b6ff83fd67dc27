/** Files as expressions: each is read, parsed and evaluated once. */
import { type Bytes, bytesToText, SourceFile, type Span, SystemFault } from '../base/index.ts';
import type { Expr, FileTree, SourceKind } from '../lang/index.ts';
import { parseFile, printNormal } from '../lang/index.ts';
import type { Attrs } from './attrs.ts';
import { inOwnCell } from './cell.ts';
import { checkNames } from './compile/check-names.ts';
import { compiler } from './compile/compiler.ts';
import { envOf, levelOf, StaticScope, type Unit } from './compile/scope.ts';
import { notAnExpression, unreadable } from './errors.ts';
import type { Evaluator } from './evaluator.ts';
import type { EvalIO } from './io.ts';
import { type Imported, importLarge } from './large-source.ts';
import { parseOptions } from './parsing.ts';
import { isOwnPath, parentPath, shownPath } from './path.ts';
import { force, Thunk } from './thunk.ts';
import { labelCode } from './trace.ts';
import { rootEnv, type Slot, type Value } from './value.ts';

export class FileLoader {
  readonly #ctx: Evaluator;
  readonly #resolved = new Map<Bytes, Bytes>();
  readonly #parsed = new Map<Bytes, { source: SourceFile; tree: FileTree }>();
  readonly #values = new Map<Bytes, Slot>();
  readonly #paths = new WeakMap<SourceFile, Bytes>();

  constructor(ctx: Evaluator) {
    this.#ctx = ctx;
  }

  import(path: Bytes): Value {
    const file = this.resolve(path);
    let slot = this.#values.get(file);
    if (slot === undefined) {
      const { source, expr, checkNames } = this.#toImport(file);
      const code = (): Value => {
        checkNames();
        return compiler.compile(expr, this.rootScope(source, parentPath(file), file), true)(rootEnv);
      };
      slot = new Thunk(code, undefined);
      labelCode(code, { text: `the file '${source.name}'`, name: source.name });
      this.#values.set(file, slot);
    }
    return inOwnCell(force(slot));
  }

  /** The names of `scope` are lexical names of the file. Not remembered. */
  scopedImport(scope: Attrs, path: Bytes): Value {
    const file = this.resolve(path);
    const { source, expr } = this.expression(file);
    const root = this.rootScope(source, parentPath(file), file);
    checkNames(expr, source, { bound: scope.names, globals: this.#ctx.globals });
    return compiler.compile(expr, levelOf(scope, root), true)(envOf(scope, rootEnv));
  }

  /** The file itself, or the `default.nix` of a folder; a symlink is followed. @throws Fault E-EVAL-026 */
  resolve(path: Bytes): Bytes {
    const known = this.#resolved.get(path);
    if (known !== undefined) return known;
    const { io } = this.#ctx;
    const resolve = (): Bytes => {
      let target = path;
      let kind = io.lstat(path);
      if (kind === 'symlink') {
        target = io.realpath(path);
        kind = io.lstat(target);
      }
      return kind === 'directory' ? `${target === '/' ? '' : target}/default.nix` : target;
    };
    const file = reading(path, resolve, io);
    this.#resolved.set(path, file);
    return file;
  }

  /** Parses a file, once. @throws Faults syntax errors */
  parse(file: Bytes): { source: SourceFile; tree: FileTree } {
    const known = this.#parsed.get(file);
    if (known !== undefined) return known;
    return this.#parse(file, this.#read(file));
  }

  #read(file: Bytes): SourceFile {
    const { io } = this.#ctx;
    const text = reading(file, () => io.readFile(file), io);
    const source = new SourceFile(this.#nameOf(file), text);
    this.#paths.set(source, file);
    return source;
  }

  #parse(file: Bytes, source: SourceFile): { source: SourceFile; tree: FileTree } {
    const parsed = { source, tree: parseFile(source, { kind: kindOf(file), ...parseOptions(this.#ctx) }) };
    this.#parsed.set(file, parsed);
    return parsed;
  }

  #toImport(file: Bytes): Imported & { source: SourceFile } {
    if (!this.#parsed.has(file)) {
      const source = this.#read(file);
      const { memory } = this.#ctx.settings;
      const isLarge = memory !== undefined && source.text.length >= memory.minBytes;
      const large = isLarge ? importLarge(file, source, kindOf(file), this.#ctx) : undefined;
      if (large !== undefined) return { source, ...large };
      this.#parse(file, source);
    }
    const { source, expr } = this.expression(file);
    return { source, expr, checkNames: () => checkNames(expr, source, this.#ctx) };
  }

  #nameOf(file: Bytes): string {
    return isOwnPath(file) ? bytesToText(shownPath(file)) : (this.#ctx.settings.displayPath?.(file) ?? bytesToText(file));
  }

  expression(file: Bytes): { source: SourceFile; expr: Expr } {
    const { source, tree } = this.parse(file);
    if (tree.kind !== 'expr') throw notAnExpression(file);
    return { source, expr: tree.expr };
  }

  /** Globals only; the environment that belongs to it is empty. */
  rootScope(source: SourceFile, basePath: Bytes, path: Bytes | undefined): StaticScope {
    if (path !== undefined) this.#paths.set(source, path);
    const unit: Unit = { source, basePath, path, ctx: this.#ctx };
    return new StaticScope('root', undefined, unit);
  }

  pathOf(source: SourceFile): Bytes | undefined {
    return this.#paths.get(source);
  }

  showExpr(expr: Expr, span: Span): string {
    const file = this.pathOf(span.source);
    return bytesToText(printNormal(expr, { basePath: file === undefined ? '/' : parentPath(file) }));
  }
}

const kindOf = (file: Bytes): SourceKind => (file.endsWith('.igos') ? 'igos' : 'nix');

/** Turns the failure of reading a file of the user's into a fault that can point at the expression; with `io`, it names what is near. */
export function reading<T>(path: Bytes, read: () => T, io?: EvalIO): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SystemFault)) throw error;
    throw unreadable(path, error, io !== undefined && error.errno === 'ENOENT' ? besides(path, io) : []);
  }
}

/** What is in the folder of a file that is missing; nothing where that cannot be read either. */
function besides(path: Bytes, io: EvalIO): Bytes[] {
  try {
    return [...io.readDir(parentPath(path)).keys()];
  } catch {
    return [];
  }
}
