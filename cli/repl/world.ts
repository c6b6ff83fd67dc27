/** What a session of the repl knows: an evaluator, the names in scope, and where each came from, so that all can be made anew. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Bytes, bytesToText, textToBytes } from '../../base/index.ts';
import {
  Attrs,
  attrsFromMap,
  checkNames,
  type Interpreter,
  mergeAttrs,
  type Scope,
  type Slot,
  type Value,
} from '../../eval/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openSession, type Session } from '../session.ts';
import { expressionAt, splitOperand, Trees } from '../targets.ts';
import { userHome } from '../user-home.ts';
import type { Parsed } from './input.ts';

/** Where names come from. */
export type Origin =
  /** FILE, TREE, TREE#NAME or `<name>`, as the user wrote it. */
  | { readonly kind: 'operand'; readonly operand: string }
  /** The attributes of an expression (`:a`, `--expr`). */
  | { readonly kind: 'attributes'; readonly text: Parsed }
  /** `x = 1`. */
  | { readonly kind: 'bindings'; readonly text: Parsed };

export class World implements Disposable {
  readonly #context: Context;
  readonly #args: Arguments;
  #session: Session | undefined;
  #isStale: boolean = false as boolean;
  #isSilent: boolean = false as boolean;
  #origins: { readonly origin: Origin; readonly names: Attrs }[] = [];
  #scope: Attrs = nothing;
  /** In a tree builtins need no prefix. Behind all names in scope. */
  #builtins: Attrs = nothing;
  /** Made when a loaded thing fails to load again; what it throws is not lost. */
  readonly #onFault: (error: unknown) => void;

  constructor(context: Context, args: Arguments, onFault: (error: unknown) => void) {
    this.#context = context;
    this.#args = args;
    this.#onFault = onFault;
  }

  [Symbol.dispose](): void {
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
  }

  get session(): Session {
    if (this.#isStale) this.reload();
    this.#session ??= openSession(this.#context, this.#args, {
      isReadOnly: false,
      defersWrites: true, // an interrupted evaluation must not leave a write half done
      isSilent: () => this.#isSilent,
    });
    return this.#session;
  }

  get interpreter(): Interpreter {
    return this.session.interpreter;
  }

  /** Every name that is not the language's own. */
  get scope(): Attrs {
    if (this.#isStale) this.reload();
    return this.#scope;
  }

  /** In order; later names hide earlier ones. */
  get origins(): readonly { readonly origin: Origin; readonly names: Attrs }[] {
    return this.#origins;
  }

  /** @throws Fault whatever its evaluation throws */
  evaluate({ source, expr }: Parsed): Value {
    const { guard, scopes } = this.interpreter;
    const known = mergeAttrs(this.#builtins, this.#scope);
    return guard(() => {
      checkNames(source, expr, known.names);
      return scopes.evalInScope(expr, this.#scopeOf(source, known));
    });
  }

  /** Puts names into scope, in front of those there, and returns them. @throws Fault, Faults */
  add(origin: Origin): Attrs {
    const names = this.#namesOf(origin);
    // loaded again: the newer state of the same thing
    this.#origins = this.#origins.filter((known) => !isSameOperand(known.origin, origin));
    this.#origins.push({ origin, names });
    this.#scope = mergeAttrs(this.#scope, names);
    return names;
  }

  /** Forgets what was evaluated and reads all files again. What cannot be loaded now is reported, and tried again the next time. */
  reload(): void {
    this.#isStale = false;
    this[Symbol.dispose]();
    this.#scope = nothing;
    this.#builtins = nothing;
    // the old list stays until the new one is whole: an interruption must not lose half of it
    const renewed = this.#origins.map(({ origin }) => ({ origin, names: this.#renew(origin) }));
    this.#origins = renewed;
  }

  #renew(origin: Origin): Attrs {
    try {
      const names = this.#namesOf(origin);
      this.#scope = mergeAttrs(this.#scope, names);
      return names;
    } catch (error) {
      this.#onFault(error);
      return nothing;
    }
  }

  /** An evaluation was cut off: what it left half done must not be met again. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** Evaluates without saying or building anything. What can be interrupted goes inside: then this still ends. */
  silently<T>(run: () => T): T {
    this.#isSilent = true;
    try {
      return run();
    } finally {
      this.#isSilent = false;
    }
  }

  #scopeOf(source: Parsed['source'], known: Attrs): Scope {
    const { scopes } = this.interpreter;
    return scopes.setScope(scopes.fileScope(source, textToBytes(this.#context.workingDirectory)), known);
  }

  #namesOf(origin: Origin): Attrs {
    const { interpreter, autoArgs } = this.session;
    switch (origin.kind) {
      case 'operand':
        return this.#load(origin.operand);
      case 'attributes': {
        const value = interpreter.callWithAutoArgs(this.evaluate(origin.text), autoArgs);
        return this.#attributes(value, 'the names to add');
      }
      case 'bindings':
        return this.#attributes(this.evaluate(origin.text), 'the bindings');
    }
  }

  #attributes(value: Slot, what: string): Attrs {
    return this.interpreter.guard(() => this.interpreter.ctx.forceAttrs(value, what));
  }

  #load(operand: string): Attrs {
    const { interpreter, autoArgs } = this.session;
    const what = `the names of '${operand}'`;
    const { path, name } = splitOperand(operand.replace(/^~(?=\/|$)/, userHome()));
    const value = expressionAt(path, this.#context, this.session);
    if (value !== undefined) {
      const chosen = name === undefined ? value : interpreter.selectAttrPath(value, textToBytes(name), autoArgs);
      return this.#attributes(interpreter.callWithAutoArgs(chosen, autoArgs), what);
    }
    const names = new Trees(this.session).open(path).names();
    const unprefixed = [...interpreter.ctx.globals].flatMap(([known, slot]): [string, Slot][] =>
      known.startsWith('__') ? [[known.slice(2), slot]] : [],
    );
    this.#builtins = attrsFromMap(new Map(unprefixed));
    if (name === undefined) return names;
    const one = names.get(textToBytes(name));
    if (one === undefined) throw new UsageError(`there is no '${name}' in the tree '${path}'`);
    return this.#attributes(one, what);
  }
}

const nothing: Attrs = attrsFromMap(new Map());

const isSameOperand = (a: Origin, b: Origin): boolean => a.kind === 'operand' && b.kind === 'operand' && a.operand === b.operand;

/** The file that a source was read from, absolute; `undefined` for what was typed. */
export function fileOf(world: World, source: Parsed['source'], workingDirectory: string): string | undefined {
  const known = world.interpreter.ctx.positionValue({ source, start: 0, end: 0 });
  const file = known instanceof Attrs ? known.get('file') : undefined;
  const path = typeof file === 'string' ? bytesToText(file as Bytes) : join(resolve(workingDirectory), source.name);
  return existsSync(path) && statSync(path).isFile() ? path : undefined;
}
