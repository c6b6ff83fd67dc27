/** Scopes for declarations: see scope.ts for what they mean. Code is compiled once per expression and kind of scope. */
import type { Bytes, SourceFile } from '../base/index.ts';
import type { Expr, MergedAttrs } from '../lang/index.ts';
import type { Attrs } from './attrs.ts';
import { compileRecursive, type Recursive } from './compile/bindings.ts';
import type { Code, Naming, SlotCode } from './compile/code.ts';
import { compiler } from './compile/compiler.ts';
import { envOf, levelOf, type StaticScope } from './compile/scope.ts';
import type { FileLoader } from './files.ts';
import type { DynamicScope, Scope, Scoping } from './scope.ts';
import { finishTrace } from './trace.ts';
import { Env, rootEnv, type Slot, type Value } from './value.ts';

class LexicalScope implements Scope {
  declare readonly __brand: 'Scope';
  readonly level: StaticScope;
  readonly env: Env;
  constructor(level: StaticScope, env: Env) {
    this.level = level;
    this.env = env;
  }
}

export class Scopes implements Scoping {
  readonly #files: FileLoader;
  readonly #codes = new WeakMap<StaticScope, WeakMap<Expr, Code>>();
  readonly #slotCodes = new WeakMap<StaticScope, WeakMap<Expr, SlotCode>>();
  readonly #lets = new WeakMap<StaticScope, WeakMap<MergedAttrs, Recursive>>();

  constructor(files: FileLoader) {
    this.#files = files;
  }

  fileScope(source: SourceFile, basePath: Bytes): Scope {
    return new LexicalScope(this.#files.rootScope(source, basePath, this.#files.pathOf(source)), rootEnv);
  }

  dynamicScope(around: Scope, names: DynamicScope): Scope {
    const { level, env } = around as LexicalScope;
    return new LexicalScope(level.dynamicInside(), new Env(env, names));
  }

  setScope(around: Scope, set: Attrs): Scope {
    const { level, env } = around as LexicalScope;
    return new LexicalScope(levelOf(set, level), envOf(set, env));
  }

  letScope(around: Scope, bindings: MergedAttrs): Scope {
    const { level, env } = around as LexicalScope;
    const { scope, makeEnv } = remember(this.#lets, level, bindings, () =>
      compileRecursive(bindings, level, compiler, 'variable'),
    );
    return new LexicalScope(scope, makeEnv(env));
  }

  evalInScope(expr: Expr, scope: Scope): Value {
    const { level, env } = scope as LexicalScope;
    const code = remember(this.#codes, level, expr, () => compiler.compile(expr, level));
    try {
      return code(env);
    } catch (error) {
      throw finishTrace(error);
    }
  }

  delayInScope(expr: Expr, scope: Scope, name?: string, owner?: string): Slot {
    const { level, env } = scope as LexicalScope;
    const naming: Naming | undefined = name === undefined ? undefined : { kind: 'field', name, owner };
    return remember(this.#slotCodes, level, expr, () => compiler.delay(expr, level, { naming }))(env);
  }
}

function remember<K extends object, V>(memo: WeakMap<StaticScope, WeakMap<K, V>>, level: StaticScope, key: K, make: () => V): V {
  let inner = memo.get(level);
  if (inner === undefined) {
    inner = new WeakMap();
    memo.set(level, inner);
  }
  let value = inner.get(key);
  if (value === undefined) {
    value = make();
    inner.set(key, value);
  }
  return value;
}
