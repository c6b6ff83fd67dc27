/** Random graphs of derivations get the paths that Nix gives them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate, interpreter } from './evaluate.ts';
import { needsNix, nixEvalWriting, nixString } from './nix.ts';

const text = fc
  .string({ unit: fc.constantFrom('a', 'Z', '0', ' ', '"', '\\', '$', '\n', '\t', '/', '=', 'é'), maxLength: 6 })
  .map(literal);
const scalar = fc.oneof(
  text,
  fc.integer().map(String).map(negative),
  fc.constantFrom('true', 'false', 'null', '1.5', '0.1', '(builtins.toFile "t" "text")'),
);
const list = fc.array(scalar, { maxLength: 3 }).map((items) => `[ ${items.join(' ')} ]`);
const names = fc
  .constantFrom('a', 'B', 'src', 'z_1', "x'", 'PATH', 'with space', 'é')
  .map((name) => (/^\w+$/.test(name) ? name : `"${name}"`));
const attributes = fc.dictionary(names, fc.oneof(scalar, list), { maxKeys: 4 }).map((set) =>
  Object.entries(set)
    .map(([name, value]) => `${name} = ${value};`)
    .join(' '),
);
const kind = fc.constantFrom(
  '',
  '',
  'outputs = [ "out" "dev" ];',
  'outputs = [ "lib" "out" ]; args = [ "-c" 1 ];',
  '__structuredAttrs = true; nested = { b = [ 1 { c = null; } ]; };',
  '__ignoreNulls = true; gone = null;',
  'outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";',
  'outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; outputHashMode = "recursive";',
);
/** Each derivation uses some of those before it: by output, by path of the derivation, or not. */
const node = fc.record({
  kind,
  attributes,
  uses: fc.array(
    fc.tuple(
      fc.nat(20),
      fc.constantFrom('d', 'd.drvPath', 'd.out', '"${d}/bin:${d}"', '(builtins.unsafeDiscardOutputDependency d.drvPath)'),
    ),
    { maxLength: 3 },
  ),
});

function literal(value: string): string {
  return nixString(value).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
function negative(value: string): string {
  return value.startsWith('-') ? `(${value})` : value;
}

test('random derivations have Nix\u2019s paths', (t) => {
  if (!needsNix(t)) return;
  const graphs = fc.sample(fc.array(node, { minLength: 1, maxLength: 5 }), { numRuns: 50, seed: 4 });
  const expressions = graphs.map((nodes, graph) => {
    const bindings = nodes.map((each, index) => {
      const uses = index === 0 ? [] : each.uses.map(([from, how], at) => `use${at} = let d = d${from % index}; in ${how};`);
      return `d${index} = derivation ({ name = "g${graph}-${index}"; system = "s"; builder = "/b"; ${each.kind} ${uses.join(' ')} } // { ${each.attributes} });`;
    });
    return `(let ${bindings.join('\n')} in map (d: [ d.drvPath d.outPath ]) [ ${nodes.map((_, index) => `d${index}`).join(' ')} ])`;
  });
  const expression = `[ ${expressions.join('\n')} ]`;
  const expected = Buffer.from(nixEvalWriting(Buffer.from(expression, 'utf8').toString('latin1')), 'latin1').toString('utf8');
  assert.equal(evaluate(expression, interpreter()), expected);
});
