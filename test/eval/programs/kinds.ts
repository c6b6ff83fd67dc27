/** Ways to an expression of one type: its literals, operators and builtins. */
import { builtinTable } from '../../../eval/builtins/table.ts';
import { bind, type Make, type Scope } from './scope.ts';
import { anyFields, type Fields, isData, isFunction, isList, isSet, NAMES, type Type } from './types.ts';

export function integers(make: Make, scope: Scope): string {
  const int = (): string => make.expr('int', scope);
  const name = make.choose(['add', 'sub', 'mul', 'div', 'bitAnd', 'bitOr', 'bitXor']);
  switch (make.pick(11)) {
    case 0:
      return make.choose(['3', '(-1)', '9223372036854775807', '(-9223372036854775807 - 1)', '4294967296', '9007199254740993']);
    case 1:
    case 2:
    case 3:
      return `(${int()} ${make.choose(['+', '-', '*', '/'])} ${int()})`;
    case 4:
      return `(- ${int()})`;
    case 5:
      return `(builtins.${name} ${int()} ${int()})`;
    case 6:
      return `(builtins.length ${make.expr({ list: make.any() }, scope)})`;
    case 7:
      return `(builtins.stringLength ${make.expr('text', scope)})`;
    case 8:
      return `(builtins.${make.choose(['ceil', 'floor'])} ${make.expr('float', scope)})`;
    case 9:
      return `(builtins.compareVersions ${make.expr('text', scope)} ${make.expr('text', scope)})`;
    default:
      return `(builtins.foldl' builtins.add 0 ${make.expr({ list: 'int' }, scope)})`;
  }
}

export function floats(make: Make, scope: Scope): string {
  const float = (): string => make.expr('float', scope);
  switch (make.pick(4)) {
    case 0:
      return `(${float()} ${make.choose(['+', '-', '*', '/'])} ${make.expr('int', scope)})`;
    case 1:
      return `(${make.expr('int', scope)} ${make.choose(['+', '-', '*', '/'])} ${float()})`;
    case 2:
      return `(${float()} ${make.choose(['+', '-', '*', '/'])} ${float()})`;
    default:
      return `(- ${float()})`;
  }
}

export function booleans(make: Make, scope: Scope): string {
  const bool = (): string => make.expr('bool', scope);
  const numeric = (): string => make.expr(make.choose(['int', 'float']), scope);
  const any = make.any();
  switch (make.pick(17)) {
    case 0:
    case 1:
      return `(${numeric()} ${make.choose(['<', '<=', '>', '>=', '==', '!='])} ${numeric()})`;
    case 2:
      return `(${make.expr('text', scope)} ${make.choose(['<', '<=', '>', '>='])} ${make.expr('text', scope)})`;
    case 3:
      return `(${make.expr({ list: 'int' }, scope)} ${make.choose(['<', '>='])} ${make.expr({ list: 'int' }, scope)})`;
    case 4:
    case 5:
      return `(${bool()} ${make.choose(['&&', '||', '->'])} ${bool()})`;
    case 6:
      return `(!${bool()})`;
    case 7:
    case 8: {
      const data = isData(any) ? any : 'text';
      return `(${make.expr(data, scope)} ${make.choose(['==', '!='])} ${make.expr(make.pick(4) === 3 ? make.any() : data, scope)})`;
    }
    case 9:
      return `(${make.expr({ set: anyFields(make.pick) }, scope)} ? ${make.choose(NAMES)}${make.choose(['', '.x', '."y".a', '.${"a"}'])})`;
    case 10: {
      const check = make.choose(['Attrs', 'Bool', 'Float', 'Function', 'Int', 'List', 'Null', 'Path', 'String']);
      return `(builtins.is${check} ${make.expr(any, scope)})`;
    }
    case 11: {
      const data = isData(any) ? any : 'int';
      return `(builtins.elem ${make.expr(data, scope)} ${make.expr({ list: data }, scope)})`;
    }
    case 12:
      return `(builtins.${make.choose(['all', 'any'])} ${make.expr({ from: any, to: 'bool' }, scope)} ${make.expr({ list: any }, scope)})`;
    case 13:
      return `(builtins.hasAttr ${make.choose(['"x"', '"y"', '"foo"'])} ${make.expr({ set: anyFields(make.pick) }, scope)})`;
    case 14:
      return `(builtins.tryEval ${make.expr(any, scope)}).success`;
    case 15:
      return `(builtins.pathExists ${make.expr('path', scope)})`;
    default:
      return `(builtins.hasContext ${make.expr('text', scope)})`;
  }
}

const LITERALS: readonly string[] = [
  '"${"x"}\\r\\${y}$${z}$"',
  "''\n    one\n      two\n\n   ''${three}'''\n    ''\\n${\"four\"}\n  ''",
  '"line\n  continued"',
  '"<é&\\"\'>"',
  '"0.9pre1-2"',
  '"/nix/store"',
  '"a/b.c/"',
  'http://example.org/?q=1',
];

export function texts(make: Make, scope: Scope): string {
  const text = (): string => make.expr('text', scope);
  const data = (): Type => {
    const type = make.any(2);
    return isData(type) ? type : 'text';
  };
  switch (make.pick(22)) {
    case 0:
      return make.choose(LITERALS);
    case 1:
    case 2:
      return `(${text()} + ${text()})`;
    case 3:
    case 4:
      return `"<\${${text()}} \${toString ${make.expr(make.choose(['int', 'bool', 'null', 'float', 'path', 'text']), scope)}}>"`;
    case 5:
      return `''\n  \${${text()}}\n    x ''\${ \${${text()}}\n''`;
    case 6: {
      const item: Type = make.choose(['int', 'text', 'bool', 'null', { list: 'int' }]);
      return `(toString ${make.expr({ list: item }, scope)})`;
    }
    case 7:
      return `(builtins.substring ${make.choose(['0', '1', '3', '100'])} ${make.choose(['2', '0', '(-1)', '5'])} ${text()})`;
    case 8:
      return `(builtins.concatStringsSep ${text()} ${make.expr({ list: 'text' }, scope)})`;
    case 9: {
      const [from, to] = make.choose([
        ['"a" "b"', '"b" "aa"'],
        ['"o"', text()],
        ['"" "x"', '"-" "y"'],
        ['"foo" "fo" "f"', '"1" "2" "3"'],
      ]);
      return `(builtins.replaceStrings [ ${from} ] [ ${to} ] ${text()})`;
    }
    case 10:
      return `(baseNameOf ${make.expr(make.choose(['text', 'path']), scope)})`;
    case 11:
      return `(dirOf ${text()})`;
    case 12:
      return `(builtins.typeOf ${make.expr(make.any(), scope)})`;
    case 13:
      return `(builtins.toJSON ${make.expr(data(), scope)})`;
    case 14:
      return `(builtins.toXML ${make.expr(data(), scope)})`;
    case 15:
      return `(builtins.hashString ${make.choose(['"md5"', '"sha1"', '"sha256"', '"sha512"'])} ${text()})`;
    case 16:
      return `(builtins.parseDrvName ${text()}).${make.choose(['name', 'version'])}`;
    case 17:
      return `"\${${make.expr('drv', scope)}}${make.choose(['', '/bin'])}"`;
    case 18:
      return make.choose([
        `(builtins.toFile "written" ${text()})`,
        '"${./one.txt}"',
        '(builtins.readFile ./folder/two.txt)',
        '(builtins.placeholder "dev")',
        '(builtins.path { path = ./folder; name = "named"; filter = path: kind: kind == "regular"; })',
        '"${./folder}/two.txt"',
        '(builtins.filterSource (path: kind: baseNameOf path != "two.txt") ./folder)',
      ]);
    case 19:
      return `(builtins.unsafeDiscardStringContext ${text()})`;
    case 20:
      return `${make.expr('drv', scope)}.${make.choose(['drvPath', 'outPath', 'name', 'outputName', 'type'])}`;
    default:
      return `({ __toString = self: ${text()}; } + ${text()})`;
  }
}

export function paths(make: Make, scope: Scope): string {
  switch (make.pick(4)) {
    case 0:
      return make.choose(['./one.txt', './folder/../one.txt', '/', '/no/../such', './folder/${"two"}.txt', './${"folder"}/x']);
    case 1:
      return `(${make.expr('path', scope)} + ${make.choose(['"/x"', '"/.."', '"x"', '"/./two.txt"', '""'])})`;
    case 2:
      return `(dirOf ${make.expr('path', scope)})`;
    default:
      return `(${make.expr('path', scope)} + ${make.expr('path', scope)})`;
  }
}

export function lists(make: Make, item: Type, scope: Scope): string {
  const list = (of: Type = item): string => make.expr({ list: of }, scope);
  const one = (): string => make.expr(item, scope);
  const other = make.any();
  const cases: (() => string)[] = [
    () => `[ ${Array.from({ length: make.pick(4) }, one).join(' ')} ]`,
    () => `[ ${Array.from({ length: make.pick(5) }, one).join(' ')} ]`,
    () => `(${list()} ++ ${list()})`,
    () => `(map ${make.expr({ from: other, to: item }, scope)} ${list(other)})`,
    () => `(builtins.filter ${make.expr({ from: item, to: 'bool' }, scope)} ${list()})`,
    () => `(builtins.genList ${make.expr({ from: 'int', to: item }, scope)} ${make.choose(['0', '2', '3'])})`,
    () => `(builtins.tail [ ${one()} ${one()} ])`,
    () => `(builtins.concatLists [ ${list()} ${list()} ])`,
    () => `(builtins.concatMap (v: ${make.expr({ list: item }, bind(scope, { v: other }))}) ${list(other)})`,
    () => `(builtins.attrValues ${make.expr({ set: { x: item, a: item } }, scope)})`,
    () => `(builtins.catAttrs "x" [ ${make.expr({ set: { x: item } }, scope)} ${make.expr({ set: {} }, scope)} ])`,
    () => `(builtins.partition ${make.expr({ from: item, to: 'bool' }, scope)} ${list()}).${make.choose(['right', 'wrong'])}`,
  ];
  if (item === 'int' || item === 'text' || item === 'float') {
    cases.push(() => `(builtins.sort builtins.lessThan ${list()})`);
    cases.push(
      () =>
        `(map (v: v.key) (builtins.genericClosure { startSet = map (key: { inherit key; }) ${list()}; operator = v: map (key: { inherit key; }) ${list()}; }))`,
    );
  }
  if (item === 'text') {
    cases.push(() => `(builtins.attrNames ${make.expr({ set: anyFields(make.pick) }, scope)})`);
    cases.push(() => `(builtins.splitVersion ${one()})`);
    cases.push(
      () => `(builtins.filter builtins.isString (builtins.split "${make.choose(['a', 'o+', '[[:space:]]', '(.)'])}" ${one()}))`,
    );
    cases.push(
      () =>
        `(let m = builtins.match "${make.choose(['(.*)', '(a|b)(.*)', '.(.?).*'])}" ${one()}; in if m == null then [ ] else m)`,
    );
    cases.push(() => `(builtins.attrNames (builtins.getContext ${one()}))`);
  }
  return make.choose(cases)();
}

export function sets(make: Make, fields: Fields, scope: Scope): string {
  const names = Object.keys(fields);
  const values = Object.values(fields);
  const cases: (() => string)[] = [
    () => literal(make, fields, scope, false),
    () => literal(make, fields, scope, true),
    () => {
      // each name in one of two sets, or both
      const [left, right]: Record<string, Type>[] = [{}, {}];
      for (const name of names) {
        const where = make.pick(3);
        if (where !== 1) left![name] = where === 0 ? fields[name]! : make.any();
        if (where !== 0) right![name] = fields[name]!;
      }
      return `(${make.expr({ set: left! }, scope)} // ${make.expr({ set: right! }, scope)})`;
    },
    () =>
      `(removeAttrs (${make.expr({ set: fields }, scope)} // { gone = ${make.expr(make.any(), scope)}; }) [ "gone" "never" ])`,
    () =>
      `(builtins.intersectAttrs { ${names.map((name) => `${name} = null;`).join(' ')} } ${make.expr({ set: { ...fields, more: 'int' } }, scope)})`,
    () =>
      `(builtins.listToAttrs [ ${names.map((name) => `{ name = ${make.choose([`"${name}"`, `("" + "${name}")`])}; value = ${make.expr(fields[name]!, scope)}; }`).join(' ')} ])`,
  ];
  const first = values[0];
  if (first !== undefined && values.every((each) => JSON.stringify(each) === JSON.stringify(first))) {
    const other = make.any();
    const from = Object.fromEntries(names.map((name) => [name, other]));
    cases.push(
      () =>
        `(builtins.mapAttrs (k: v: ${make.expr(first, bind(scope, { k: 'text', v: other }))}) ${make.expr({ set: from }, scope)})`,
    );
    cases.push(
      () =>
        `(builtins.zipAttrsWith (k: vs: builtins.head vs) [ ${make.expr({ set: fields }, scope)} ${make.expr({ set: fields }, scope)} ])`,
    );
    if (first === 'bool')
      cases.push(
        () => `(builtins.functionArgs ({ ${names.map((name) => `${name} ? ${make.expr('int', scope)}`).join(', ')} }: 1))`,
      );
  }
  return make.choose(cases)();
}

function literal(make: Make, fields: Fields, scope: Scope, isRec: boolean): string {
  const bindings: string[] = [];
  // In a `rec`, what has the name of an outer variable is not that variable; those that stand before are sure to be of their type.
  let inner = isRec ? scope.filter((each) => !(each.name in fields)) : scope;
  for (const [name, type] of Object.entries(fields)) {
    const value = (): string => make.expr(type, inner);
    const way = make.pick(8);
    const isBound = scope.some(
      (each) => each.name === name && !each.isWith && JSON.stringify(each.type) === JSON.stringify(type),
    );
    const isHidden = scope.filter((each) => each.name === name).length > 1;
    if (way === 1 && isBound && !isHidden) bindings.push(`inherit ${name};`);
    else if (way === 2) bindings.push(`inherit (${make.expr({ set: { [name]: type } }, inner)}) ${name};`);
    else if (way === 3) bindings.push(`"${name}" = ${value()};`);
    else if (way === 4 && !isRec) bindings.push(`${make.choose([`\${"${name}"}`, `"\${"${name}"}"`])} = ${value()};`);
    else if (way === 5 && isSet(type) && Object.keys(type.set).length > 0) {
      for (const [field, of] of Object.entries(type.set)) bindings.push(`${name}.${field} = ${make.expr(of, inner)};`);
    } else if (way === 6) bindings.push(`\${null} = ${value()};`, `${name} = ${value()};`);
    else bindings.push(`${name} = ${value()};`);
    if (isRec) inner = bind(inner, { [name]: type });
  }
  const at = make.pick(bindings.length + 1);
  return `${isRec ? 'rec ' : ''}{ ${[...bindings.slice(at), ...bindings.slice(0, at)].join(' ')} }`;
}

export function functions(make: Make, { from, to }: { readonly from: Type; readonly to: Type }, scope: Scope): string {
  const name = make.choose(NAMES);
  const plain = (): string => `(${name}: ${make.expr(to, bind(scope, { [name]: from }))})`;
  const cases = [plain, plain, () => `(_: ${make.expr(to, scope)})`, () => `(let f = ${plain()}; in f)`];
  if (isSet(from)) {
    const names = Object.keys(from.set);
    cases.push(() => `({ ${[...names, '...'].join(', ')} }: ${make.expr(to, bind(scope, from.set))})`);
    cases.push(() => `(all@{ ${names.join(', ')} }: ${make.expr(to, bind(scope, { ...from.set, all: from }))})`);
  }
  if (from === 'int' && to === 'int')
    cases.push(() => `(builtins.${make.choose(['add', 'sub', 'mul'])} ${make.expr('int', scope)})`);
  if (from === 'text' && to === 'int') cases.push(() => 'builtins.stringLength');
  if (isList(from) && to === 'int') cases.push(() => 'builtins.length');
  if (to === 'text' && from === 'int') cases.push(() => 'toString');
  if (isFunction(to)) cases.push(() => `(x: ${make.expr(to, bind(scope, { x: from }))})`);
  return make.choose(cases)();
}

const HASH = '"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="';

/** Derivations of every kind; their names, builders and variables depend on others. */
export function derivations(make: Make, scope: Scope): string {
  const text = (): string => make.expr('text', scope);
  const name = make.choose(['"d"', '"pkg-1.0"', '("n" + "m")']);
  const kind = make.choose([
    '',
    '',
    'outputs = [ "out" "dev" ];',
    'outputs = [ "lib" "out" ];',
    `outputHash = ${HASH};`,
    'outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; outputHashMode = "recursive";',
    'outputHash = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="; outputHashMode = "flat";',
    `__structuredAttrs = true; data = ${make.expr({ list: 'int' }, scope)}; more = { t = ${text()}; n = null; };`,
    `__ignoreNulls = true; nothing = null; some = ${make.expr('null', scope)};`,
    `preferLocalBuild = true; passAsFile = [ "text" ]; text = ${text()};`,
  ]);
  const attributes: string[] = [];
  for (let n = make.pick(3); n > 0; n--) {
    const type: Type = make.choose(['text', 'int', 'bool', 'null', 'drv', 'float', { list: 'text' }, { list: 'drv' }]);
    attributes.push(`v${n} = ${make.expr(type, scope)};`);
  }
  if (make.pick(3) === 2) attributes.push(`args = ${make.expr({ list: make.choose(['text', 'int', 'drv']) }, scope)};`);
  if (make.pick(4) === 3) {
    const used = make.expr('drv', scope);
    attributes.push(
      `deps = let d = ${used}; in ${make.choose(['d.drvPath', 'd.out', '"${d}/x:${d}"', '(builtins.unsafeDiscardOutputDependency d.drvPath)', 'd.all'])};`,
    );
  }
  const builder = make.choose(['"/b"', '"/bin/sh"', './one.txt', `"\${${make.expr('drv', scope)}}/bin/sh"`]);
  return `(derivation { name = ${name}; system = "s"; builder = ${builder}; ${kind} ${attributes.join(' ')} })`;
}

const callable = builtinTable.flatMap((each) => ('args' in each ? [{ name: each.name, arity: each.args.length }] : []));

const STRANGE: readonly string[] = [
  '(-9223372036854775807 - 1)',
  '9223372036854775807',
  '1.0e308',
  '(1.0e308 * 10)',
  '(1.0e308 * 10 - 1.0e308 * 10)',
  '""',
  '"\\${"',
  '"/nix/store/00000000000000000000000000000000-x.drv"',
  '"!out!/nix/store"',
  '"[[:alpha:]+(a|b)*"',
  '"a{1,99}(b*)*c"',
  '"{\\"a\\": [1, 2.5, \\"\\\\ud800\\"]}"',
  '"a = [1, 2]\\n[b.c]\\nd = 1979-05-27"',
  '"sha256"',
  '"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="',
  '"github:owner/repo/branch?dir=x"',
  '{ __toString = self: self; }',
  '{ __functor = self: self; }',
  '{ outPath = ./.; }',
  '{ type = "derivation"; }',
  '{ name = "x"; value = x; key = [ ]; }',
  'builtins',
  '[ builtins ]',
  './.',
  '/.',
  '<nixpkgs>',
  '__curPos',
  '(x: y: x)',
  '({ a ? b, b ? a, ... }@all: all.c)',
  '(derivation { })',
  '(let a = b; b = a; in a)',
  '(let a = [ a ]; in a)',
  '(let a = { inherit a; }; in a)',
  '(let f = n: f (n + 1); in f 0)',
  '(let f = n: [ (f n) ]; in f 0)',
  '(throw "thrown")',
  '(abort "aborted")',
];

/** A builtin with as many arguments as it takes, or one more or less, of any kind. */
export function wildCall(make: Make, scope: Scope): string {
  const { name, arity } = make.choose(callable);
  const count = make.pick(8) === 7 ? arity - 1 + make.pick(3) : arity;
  const args = Array.from({ length: count }, () => {
    if (make.pick(3) > 0) return make.expr(make.any(2), scope);
    const strange = make.choose(STRANGE);
    return strange.includes('value = x;') ? strange.replace('value = x;', `value = ${make.expr(make.any(), scope)};`) : strange;
  });
  return `(builtins.${name} ${args.join(' ')})`;
}
