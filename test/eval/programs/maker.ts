/**
 * Programs made at random, from the whole grammar. With `strays` 0 they are well typed and end; most of them succeed.
 */
import { booleans, derivations, floats, functions, integers, lists, paths, sets, texts, wildCall } from './kinds.ts';
import { bind, type Make, type Scope, type Variable } from './scope.ts';
import {
  anyFields,
  anyType,
  chooseFrom,
  type Fields,
  isFunction,
  isList,
  isSame,
  isSet,
  NAMES,
  type Pick,
  type Type,
} from './types.ts';

export interface MakerOptions {
  /** How many expressions a program may have, about. */
  readonly size: number;
  /** One expression in so many is of another type than its place asks for; 0: none. */
  readonly strays: number;
  /** Any builtin with any arguments, bindings that need each other, deep nesting. */
  readonly isWild?: boolean;
}

export class Maker implements Make {
  readonly pick: Pick;
  readonly isWild: boolean;
  readonly #strays: number;
  #fuel: number;

  constructor(pick: Pick, options: MakerOptions) {
    this.pick = pick;
    this.isWild = options.isWild === true;
    this.#strays = options.strays;
    this.#fuel = options.size;
  }

  program(): string {
    if (this.isWild && this.pick(3) === 2) return wildCall(this, []);
    return this.pick(4) === 3 ? derivations(this, []) : this.expr(anyType(this.pick, 3), []);
  }

  /** An expression that can stand anywhere: an operand, an argument, an item. */
  expr(wanted: Type, scope: Scope): string {
    const { pick } = this;
    const type = this.#strays > 0 && pick(this.#strays) === this.#strays - 1 ? this.#stray() : wanted;
    this.#fuel--;
    if (this.#fuel <= 0) return this.leaf(type, scope);
    if (this.isWild && pick(9) === 8) return wildCall(this, scope);
    const way = pick(10);
    if (way < 2) return this.variable(type, scope) ?? this.special(type, scope);
    return way < 6 ? this.special(type, scope) : this.general(type, scope);
  }

  /** No paths: written into a string, `/` would be copied to the store. */
  #stray(): Type {
    const type = anyType(this.pick);
    return this.isWild || !JSON.stringify(type).includes('path') ? type : 'null';
  }

  choose<T>(items: readonly T[]): T {
    return chooseFrom(this.pick, items);
  }

  any(depth = 1): Type {
    return anyType(this.pick, depth);
  }

  /** A variable of that type, a field of one, or a call of a function in scope. */
  variable(type: Type, scope: Scope): string | undefined {
    const found: string[] = [];
    for (const variable of visible(scope)) {
      if (isSame(variable.type, type)) found.push(variable.name);
      else if (isSet(variable.type)) {
        for (const [name, field] of Object.entries(variable.type.set))
          if (isSame(field, type)) found.push(`${variable.name}.${name}`);
      } else if (isFunction(variable.type) && isSame(variable.type.to, type) && this.#fuel > 0) {
        found.push(`(${variable.name} ${this.expr(variable.type.from, scope)})`);
      }
    }
    if (this.isWild && scope.length > 0 && this.pick(12) === 11) return this.choose(scope).name;
    return found.length === 0 ? undefined : this.choose(found);
  }

  leaf(type: Type, scope: Scope): string {
    const known = this.variable(type, scope);
    if (known !== undefined && this.pick(3) > 0) return known;
    if (isList(type)) return this.pick(2) === 0 ? '[ ]' : `[ ${this.leaf(type.list, scope)} ]`;
    if (isSet(type)) {
      const bindings = Object.entries(type.set).map(([name, field]) => `${name} = ${this.leaf(field, scope)};`);
      return `{ ${bindings.join(' ')} }`;
    }
    if (isFunction(type)) return `(_: ${this.leaf(type.to, scope)})`;
    switch (type) {
      case 'int':
        return this.choose(['0', '1', '2', '7', '10', '(-3)', '255']);
      case 'float':
        return this.choose(['0.5', '1.0', '.25', '(-2.5)', '3.0e2', '1.5e-3']);
      case 'bool':
        return this.choose(['true', 'false']);
      case 'null':
        return 'null';
      case 'text':
        return this.choose(['"a"', '""', '"foo bar"', '"1.2.3"', '"x-1.0"', '"\\n\\t\\"\\\\\\${"', "''two''", '"é$"', 'x:y']);
      case 'path':
        return this.choose(['./one.txt', './folder', './folder/two.txt', '/no/such', './.']);
      case 'drv':
        return '(derivation { name = "leaf"; system = "s"; builder = "/b"; })';
    }
  }

  special(type: Type, scope: Scope): string {
    if (isList(type)) return lists(this, type.list, scope);
    if (isSet(type)) return sets(this, type.set, scope);
    if (isFunction(type)) return functions(this, type, scope);
    switch (type) {
      case 'int':
        return integers(this, scope);
      case 'float':
        return floats(this, scope);
      case 'bool':
        return booleans(this, scope);
      case 'text':
        return texts(this, scope);
      case 'path':
        return paths(this, scope);
      case 'drv':
        return derivations(this, scope);
      case 'null':
        return 'null';
    }
  }

  /** Ways to any type. */
  general(type: Type, scope: Scope): string {
    const it = (inner: Scope = scope): string => this.expr(type, inner);
    const other = this.any();
    switch (this.pick(this.isWild ? 25 : 23)) {
      case 0:
        return `(if ${this.expr('bool', scope)} then ${it()} else ${it()})`;
      case 1:
      case 2:
        return this.#let(type, scope);
      case 3: {
        const fields = anyFields(this.pick);
        return `(with ${this.expr({ set: fields }, scope)}; ${it(withFields(scope, fields))})`;
      }
      case 4:
        return `(assert ${this.expr('bool', scope)}${this.pick(4) === 3 ? '' : ' || true'}; ${it()})`;
      case 5: {
        const name = this.choose(NAMES);
        return `((${name}: ${it(bind(scope, { [name]: other }))}) ${this.expr(other, scope)})`;
      }
      case 6:
      case 7:
        return this.#patternCall(type, scope);
      case 8: {
        const name = this.choose(NAMES);
        const set = this.expr({ set: { ...anyFields(this.pick), [name]: type } }, scope);
        return this.choose([`${set}.${name}`, `${set}."${name}"`, `${set}.\${"${name}"}`, `(builtins.getAttr "${name}" ${set})`]);
      }
      case 9:
        return `(${this.expr({ set: anyFields(this.pick) }, scope)}.missing or ${it()})`;
      case 10:
        return `(${this.expr('int', scope)}.a.b or ${it()})`;
      case 11:
        return `(builtins.head [ ${it()} ${this.expr(other, scope)} ])`;
      case 12:
        return `(builtins.elemAt [ ${it()} ${it()} ] ${this.choose(['0', '1'])})`;
      case 13:
        return `(let tried = builtins.tryEval ${this.choose([it(), `(throw ${this.expr('text', scope)})`, `(assert ${this.expr('bool', scope)}; ${it()})`])}; in if tried.success then tried.value else ${it()})`;
      case 14:
        return `(builtins.${this.choose(['seq', 'deepSeq'])} ${this.expr(other, scope)} ${it()})`;
      case 15: {
        const inner = bind(scope, { acc: type, item: other });
        return `(builtins.foldl' (acc: item: ${it(inner)}) ${it()} ${this.expr({ list: other }, scope)})`;
      }
      case 16: {
        const inner = bind(scope, { n: 'int', acc: type });
        return `(let go = n: acc: if n <= 0 then acc else go (n - 1) ${it(inner)}; in go ${this.choose(['1', '2', '3'])} ${it()})`;
      }
      case 17:
        return `(${this.expr({ from: other, to: type }, scope)} ${this.expr(other, scope)})`;
      case 18: {
        const outside = scope.filter((each) => each.name !== 'y');
        const set = this.expr({ set: { y: other } }, outside);
        return `(rec { result = ${it(bind(scope, { y: other }))}; inherit (${set}) y; }).result`;
      }
      case 19:
        return `({ __functor = self: arg: ${it(bind(scope, { arg: other }))}; } ${this.expr(other, scope)})`;
      case 20:
        return `(builtins.addErrorContext "context" ${it()})`;
      case 21:
        return `(let { body = ${it()}; unused = ${this.expr(other, scope)}; })`;
      case 22:
        return this.pick(6) === 5 ? `(throw ${this.expr('text', scope)})` : `(${it()} /* as it is */)`;
      case 23: {
        // nested deeply, in one of the ways that nest
        const depth = this.pick(1000) * (this.pick(20) === 0 ? 20 : 1);
        const [open, close] = this.choose([
          ['(', ')'],
          ['[ ', ' ]'],
          ['{ a = ', '; }'],
          ['(x: ', ')'],
          ['(let a = 1; in ', ')'],
          ['(- ', ')'],
          ['"${', '}"'],
          ['(toString ', ')'],
          ['(1 + ', ')'],
          ['(with { }; ', ')'],
        ]);
        return `${open.repeat(depth)}${it()}${close.repeat(depth)}`;
      }
      default:
        return `(builtins.fromJSON (builtins.toJSON ${it()}))`;
    }
  }

  /** `let`, its bindings in any order; in wild programs they see all of each other. */
  #let(type: Type, scope: Scope): string {
    const bindings: string[] = [];
    let inner = scope;
    const fields: Record<string, Type> = {};
    for (let n = 1 + this.pick(3); n > 0; n--) {
      const name = this.choose(NAMES);
      if (!(name in fields)) fields[name] = this.any(2);
    }
    const all = bind(scope, fields);
    for (const [name, bound] of Object.entries(fields)) {
      // What is not bound yet, but will be, hides what is outside: only those that stand before are sure to be of their type.
      const seen = this.isWild ? all : inner.filter((each) => !(each.name in fields) || inner.indexOf(each) >= scope.length);
      const at = this.pick(bindings.length + 1);
      bindings.splice(at, 0, this.#binding(name, bound, seen, scope));
      inner = bind(inner, { [name]: bound });
    }
    return `(let ${bindings.join(' ')} in ${this.expr(type, all)})`;
  }

  #binding(name: string, type: Type, inner: Scope, outer: Scope): string {
    if (this.pick(6) === 5) return `inherit (${this.expr({ set: { [name]: type } }, inner)}) ${name};`;
    if (this.pick(6) === 5 && visible(outer).some((each) => each.name === name && isSame(each.type, type)))
      return `inherit ${name};`;
    if (isSet(type) && Object.keys(type.set).length > 0 && this.pick(3) === 0)
      return Object.entries(type.set)
        .map(([field, of]) => `${name}.${field} = ${this.expr(of, inner)};`)
        .join(' ');
    return `${name} = ${this.expr(type, inner)};`;
  }

  #patternCall(type: Type, scope: Scope): string {
    const fields = anyFields(this.pick);
    const isOpen = this.pick(2) === 1;
    const [formals, given]: [string[], string[]] = [[], []];
    // A default sees every argument; here, those of the fields that are always given.
    const hasDefault = Object.fromEntries(Object.keys(fields).map((name) => [name, this.pick(2) === 1]));
    const sure = Object.fromEntries(Object.entries(fields).filter(([name]) => !hasDefault[name]));
    const around = scope.filter((each) => !(each.name in fields));
    for (const [name, field] of Object.entries(fields)) {
      formals.push(hasDefault[name] ? `${name} ? ${this.expr(field, bind(around, sure))}` : name);
      if (!hasDefault[name] || this.pick(2) === 1) given.push(`${name} = ${this.expr(field, scope)};`);
    }
    if (isOpen) formals.push('...');
    if (isOpen && this.pick(2) === 1) given.push(`more = ${this.expr(this.any(), scope)};`);
    const whole = this.choose(['', 'args@', '@args']);
    const pattern = `{ ${formals.join(', ')} }`;
    const head = whole === '@args' ? `${pattern}${whole}` : `${whole}${pattern}`;
    const inner = bind(scope, whole === '' ? fields : { ...fields, args: { set: sure } });
    return `((${head}: ${this.expr(type, inner)}) { ${given.join(' ')} })`;
  }
}

const withFields = (scope: Scope, fields: Fields): Scope => [
  ...scope,
  ...Object.entries(fields).map(([name, type]) => ({ name, type, isWith: true })),
];

/** Each name once, as it is bound: by the innermost binding that is no `with`, else by the innermost `with`. */
function visible(scope: Scope): Variable[] {
  const found = new Map<string, Variable>();
  for (const each of scope) {
    const known = found.get(each.name);
    if (known === undefined || known.isWith || !each.isWith) found.set(each.name, each);
  }
  return [...found.values()];
}
