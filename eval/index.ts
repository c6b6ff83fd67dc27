/**
 * Tree → values, lazily → derivations. `createEvaluator` is the language as a library; what it may touch is what its `io` offers.
 */
import type { SourceFile } from '../base/index.ts';
import type { Expr } from '../lang/index.ts';
import { builtinTable } from './builtins/table.ts';
import { checkNames as checkAgainst } from './compile/check-names.ts';
import { globalNames } from './globals.ts';
import { createInterpreter, type Interpreter } from './interpreter.ts';
import type { EvalIO, EvalSettings } from './io.ts';

export { Attrs, attrsFromMap, mergeAttrs } from './attrs.ts';
export type { Builtin, BuiltinConstant } from './builtin.ts';
export { type BuiltinCode, builtinCodes } from './builtins/codes.ts';
export { renderBuiltinDoc, renderBuiltinsDoc } from './builtins/documentation.ts';
export { writeXml } from './builtins/xml.ts';
export { evalCodes } from './codes.ts';
export { ConfinedIO } from './confined-io.ts';
export * from './declare/index.ts';
export {
  declarationTopics,
  docCommentAt,
  documentAttribute,
  documentDeclaration,
  documentValue,
} from './docs.ts';
export { Catchable, missingAttribute, undefinedVariable } from './errors.ts';
export type { Coercion, Evaluator } from './evaluator.ts';
export { localRepository } from './git/request.ts';
export type { Interpreter } from './interpreter.ts';
export type {
  CommitMemory,
  CommitTree,
  EvalIO,
  EvalSettings,
  EvalStore,
  FetchedUrl,
  FileKind,
  GitRequest,
  GitTree,
  StoreText,
  TalkKind,
  UrlRequest,
} from './io.ts';
export type { AboutText, SourceMemory } from './large-source.ts';
export { LIBRARY, libraryFile } from './library/library.ts';
export { NodeEvalIO, type NodeEvalIOOptions, NodeFiles } from './node-io.ts';
export { isDerivation, type PrettyOptions, type PrettyRole, prettyValue } from './pretty.ts';
export type { DynamicScope, Scope, Scoping } from './scope.ts';
export { isSearchAddress } from './search-path.ts';
export { StoreBridge } from './store-bridge.ts';
export * from './value.ts';
export { builtinTable };

/** Refuses variables that nothing defines (`bound`: by those around), as evaluation does before it starts. @throws Fault E-EVAL-002 */
export const checkNames = (source: SourceFile, expr: Expr, bound: Iterable<string> = []): void =>
  checkAgainst(expr, source, { bound, globals: globalNames(builtinTable) });

/** An evaluator with all builtins. Cost: nothing is read before something is evaluated, nor builtins loaded before one is named. */
export const createEvaluator = (options: { readonly io: EvalIO; readonly settings?: EvalSettings }): Interpreter =>
  createInterpreter({
    ...options,
    get builtins() {
      return builtinTable;
    },
  });
