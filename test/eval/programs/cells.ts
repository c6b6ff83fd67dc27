/**
 * Programs that tell which places hold one and the same cell: functions put into lists and sets in many ways, and compared there. All
 * are well typed. No variable of a `with` is an item: there Nix 2.8 is not what Nix is now.
 */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

/** A text with holes for parts. */
const text = (strings: TemplateStringsArray, ...parts: Text[]): Text =>
  fc.tuple(...parts).map((found) => strings.map((each, at) => each + (found[at] ?? '')).join(''));

const SHAPE = { maxDepth: 3, depthSize: 'small', withCrossShrink: true } as const;

type Kind = 'fn' | 'list' | 'set' | 'comparison';

/**
 * @param hasAliases  variables that are bound to others beside them: whether these are there already when theirs are filled in hangs in
 *                    Nix on the order of names, which in 2.8 is that of their addresses
 */
const comparisons = (hasAliases: boolean): Text =>
  fc.letrec<Record<Kind, string>>((tie) => {
    const [fn, list, set] = [tie('fn'), tie('list'), tie('set')];
    const variable = fc.constantFrom('f', 'g', 'h');
    const name = fc.constantFrom('v', 'w');
    // Of one and the same set.
    const ofX = fc
      .constantFrom(
        '[ x.v ]',
        '[ x.${"v"} ]',
        '[ (x.v or null) ]',
        '((y: [ y ]) x.v)',
        '(({ v, ... }: [ v ]) x)',
        '(let inherit (x) v; in [ v ])',
        '(rec { inherit (x) v; y = [ v ]; }).y',
        '(builtins.attrValues { inherit (x) v; })',
        '(builtins.attrValues (removeAttrs x [ "w" ]))',
        '(builtins.catAttrs "v" [ x ])',
        '(map (y: y.v) [ x ])',
      )
      .map((each) => `(${each})`);
    const aliases = (...items: Text[]): Text[] => (hasAliases ? items : []);
    return {
      fn: fc.oneof(
        SHAPE,
        variable,
        fc.constantFrom('map', '__add', 'builtins.map', 'builtins.add', '(builtins.add 1)', '(x: x)'),
        text`(${set}.${name})`,
        text`(${set}.\${"${name}"})`,
        text`(${set}.${name} or ${fn})`,
        text`(${set}.none or ${fn})`,
        text`((x: x) ${fn})`,
        text`((x: y: x) ${fn} ${fn})`,
        text`((x: y: y) ${fn} ${fn})`,
        text`((all@{ x }: all.x) { x = ${fn}; })`,
        text`({ __functor = self: x: ${fn}; } ${fn})`,
        text`(if n < 3 then ${fn} else ${fn})`,
        text`(let x = ${fn}; in x)`,
        text`(let inherit (${set}) v; in v)`,
        text`(with { u = ${fn}; }; u)`,
        text`(builtins.head ${list})`,
        text`(builtins.elemAt ${list} 0)`,
        text`(builtins.getAttr "${name}" ${set})`,
        text`(builtins.foldl' (x: y: x) ${fn} ${list})`,
        text`(builtins.foldl' (x: y: y) ${fn} ${list})`,
        text`(builtins.seq 1 ${fn})`,
        text`(builtins.addErrorContext "" ${fn})`,
        text`((builtins.tryEval ${fn}).value)`,
        ...aliases(
          text`(({ x, y ? x }: y) { x = ${fn}; })`,
          text`(({ x ? ${fn}, y ? x }: y) { })`,
          text`(let x = ${fn}; y = x; in y)`,
        ),
      ),
      list: fc.oneof(
        SHAPE,
        fc.constantFrom('l', 'm'),
        text`[ ${variable} ${variable} ]`,
        text`[ ${fn} ]`,
        text`[ ${fn} ${fn} ]`,
        text`(${list} ++ ${list})`,
        text`(map (x: x) ${list})`,
        text`(map (x: ${fn}) ${list})`,
        text`(builtins.genList (x: ${fn}) 2)`,
        text`(builtins.concatMap (x: [ x x ]) ${list})`,
        text`(builtins.concatLists [ ${list} ${list} ])`,
        text`(builtins.tail ([ null ] ++ ${list}))`,
        text`(builtins.filter (x: true) ${list})`,
        text`(builtins.sort (x: y: false) ${list})`,
        text`((builtins.partition (x: true) ${list}).right)`,
        text`((builtins.groupBy (x: "x") ${list}).x)`,
        text`(builtins.attrValues ${set})`,
        text`(builtins.tail (builtins.attrValues (builtins.tryEval ${fn})))`,
        text`(builtins.catAttrs "${name}" [ ${set} ${set} ])`,
        text`((builtins.zipAttrsWith (x: y: y) [ ${set} ${set} ]).v)`,
        text`(builtins.foldl' (x: y: x ++ [ y ]) [ ${fn} ] ${list})`,
        text`(builtins.foldl' (x: y: if y then ${fn} else [ x x ${variable} ]) null [ true false ])`,
        text`(builtins.foldl' (x: y: [ x y ]) ${fn} [ ${fn} ])`,
        text`((x: y: [ y x ]) ${fn} ${fn})`,
        text`(({ x, y ? ${fn} }: [ x y ]) { x = ${fn}; })`,
        ...aliases(
          text`(({ x, y ? x, ... }: [ x y ]) { x = ${fn}; z = ${fn}; })`,
          text`(({ x ? ${fn}, y ? x }: [ x y ]) { })`,
          text`(({ x ? y, y ? ${fn} }: [ x y ]) { })`,
          text`(let p = q; q = ${fn}; r = q; in [ p q r ])`,
          text`(let inherit (${set}) v; x = v; in [ v x ])`,
        ),
      ),
      set: fc.oneof(
        SHAPE,
        fc.constantFrom('s', 't'),
        text`{ v = ${variable}; w = ${variable}; }`,
        text`{ v = ${fn}; w = ${fn}; }`,
        text`rec { v = ${fn}; w = ${fn}; }`,
        text`{ \${"v"} = ${fn}; \${"w"} = ${fn}; }`,
        text`{ inherit (${set}) v w; }`,
        text`rec { inherit (${set}) v; w = ${fn}; }`,
        text`(let v = ${fn}; w = ${fn}; in { inherit v w; })`,
        text`(let v = ${fn}; w = ${fn}; in rec { inherit v w; })`,
        text`(${set} // ${set})`,
        text`(${set} // { v = ${fn}; })`,
        text`(removeAttrs (${set} // { x = 1; }) [ "x" ])`,
        text`(builtins.intersectAttrs ${set} ${set})`,
        text`(builtins.mapAttrs (x: y: y) ${set})`,
        text`(builtins.mapAttrs (x: y: ${fn}) ${set})`,
        text`(builtins.listToAttrs [ { name = "v"; value = ${fn}; } { name = "w"; value = ${fn}; } ])`,
        text`((all@{ v, w ? ${fn} }: all // { inherit w; }) { v = ${fn}; })`,
        text`((x: y: { v = x; w = y; }) ${fn} ${fn})`,
        text`(builtins.head (builtins.genericClosure { startSet = [ { key = 1; v = ${fn}; w = ${fn}; } ]; operator = x: [ ]; }))`,
        ...aliases(text`rec { v = ${fn}; w = v; }`, text`rec { v = w; w = ${fn}; }`, text`rec { inherit (${set}) v; w = v; }`),
      ),
      comparison: fc.oneof(
        text`(${list} == ${list})`,
        text`(${set} == ${set})`,
        text`(builtins.elem ${fn} ${list})`,
        text`((x: ${ofX} == ${ofX}) ${set})`,
        text`((x: builtins.seq x (${ofX} == ${ofX})) ${set})`,
        list.map((each) => `(${each} == ${each})`),
        set.map((each) => `(${each} == ${each})`),
        fn.map((each) => `([ ${each} ] == [ ${each} ])`),
        list.map((each) => `(let x = ${each}; in x != x)`),
        set.map((each) => `(let x = ${each}; in x == x)`),
        fn.map((each) => `(let x = ${each}; in [ x ] == [ x ])`),
      ),
    };
  }).comparison;

/** `main`, a function of an integer that gives the results of some comparisons. What stands in front of it is made once. */
export const cellProgram = (options: { readonly hasAliases: boolean }): Text =>
  fc.array(comparisons(options.hasAliases), { minLength: 1, maxLength: 6 }).map(
    (all) => `let
  f = x: x; s = { v = f; w = x: x; }; l = [ f s.v ];
  main = n: let g = x: n; h = s.w; t = { v = g; w = h; }; m = [ g h ]; in [
    ${all.join('\n    ')}
  ];
in `,
  );
