/**
 * Tree → values, lazily → derivations. `createEvaluator` is the language as a library; what it may touch is what its `io` offers.
 */
import { builtinTable } from './builtins/table.ts';
import { createInterpreter, type Interpreter } from './interpreter.ts';
import type { EvalIO, EvalSettings } from './io.ts';

export { Attrs, attrsFromMap, attrsFromRecord, mergeAttrs } from './attrs.ts';
export { type Builtin, type BuiltinConstant, builtin, builtinConstant } from './builtin.ts';
export { type BuiltinCode, builtinCodes } from './builtins/codes.ts';
export { renderBuiltinDoc, renderBuiltinsDoc } from './builtins/documentation.ts';
export { nixSearchPathEntry } from './builtins/search-path.ts';
export { evalCodes } from './codes.ts';
export * from './declare/index.ts';
export {
  declarationTopics,
  docCommentAt,
  documentAttribute,
  documentDeclaration,
  documentLibrary,
  documentValue,
  fieldText,
} from './docs.ts';
export { Catchable } from './errors.ts';
export type { Coercion, Evaluator } from './evaluator.ts';
export type { Interpreter } from './interpreter.ts';
export type { EvalIO, EvalSettings, EvalStore, FileKind, StoreText } from './io.ts';
export { NodeEvalIO, type NodeEvalIOOptions } from './node-io.ts';
export { isDerivation, type PrettyOptions, type PrettyRole, prettyValue } from './pretty.ts';
export { printValue } from './print.ts';
export type { DynamicScope, Scope, Scoping } from './scope.ts';
export { StoreBridge } from './store-bridge.ts';
export { valueToJson } from './to-json.ts';
export * from './value.ts';
export { builtinTable };

/** An evaluator with all builtins. Cost: about a millisecond; nothing is read before something is evaluated. */
export const createEvaluator = (options: { readonly io: EvalIO; readonly settings?: EvalSettings }): Interpreter =>
  createInterpreter({ ...options, builtins: builtinTable });
