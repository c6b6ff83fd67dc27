/** Overrides against a model: layers folded over each other, then read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openTree, TIER } from './harness.ts';

interface Layer {
  readonly license?: string | undefined;
  readonly homepage?: string | undefined;
  /** Appended to what stands below. */
  readonly config?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | null>> | undefined;
}

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const layer: fc.Arbitrary<Layer> = fc.record({
  license: fc.option(word, { nil: undefined }),
  homepage: fc.option(word, { nil: undefined }),
  config: fc.option(fc.array(word, { maxLength: 2 }), { nil: undefined }),
  env: fc.option(fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.option(word)), { nil: undefined }),
});

/** `homepage` refers to the final license, `license` to the one below. */
const fieldsOf = ({ license, homepage, config, env }: Layer): string =>
  [
    license && `license = "${license}" + (if super ? license then super.license else "");`,
    homepage && `homepage = "${homepage}-\${license}";`,
    config && `config = super.config ++ [ ${config.map((each) => `"${each}"`).join(' ')} ];`,
    env &&
      `env = { ${Object.entries(env)
        .map(([name, text]) => `${name} = ${text === null ? 'null' : `"${text}"`};`)
        .join(' ')} };`,
  ].join(' ');

test('fields of stacked overrides are those of the model', (context) => {
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 4 }), (layers) => {
      const base = 'package p "1" { tier = core; summary = "P"; phases.install = "true"; license = "base"; }\n';
      const declared = openTree(context, TIER + base + layers.map((each) => `override p { ${fieldsOf(each)} }\n`).join(''));
      const license = layers.reduce((below, each) => (each.license === undefined ? below : each.license + below), 'base');
      const homepage = layers.findLast((each) => each.homepage !== undefined)?.homepage;
      const info = declared.tree.select('p');
      assert.equal(info.license, license);
      assert.equal(info.homepage, homepage === undefined ? undefined : `${homepage}-${license}`);
      assert.deepEqual(
        info.config,
        layers.flatMap((each) => each.config ?? []),
      );
      const env = Object.assign({}, ...layers.map((each) => each.env ?? {})) as Record<string, string | null>;
      const kept = Object.fromEntries(Object.entries(env).filter(([, text]) => text !== null));
      const names = 'builtins.filter (name: p.env.${name} != null) (if p.env == null then [ ] else builtins.attrNames p.env)';
      assert.equal(
        declared.print(
          `builtins.toJSON (builtins.listToAttrs (map (name: { inherit name; value = p.env.\${name}; }) (${names})))`,
        ),
        JSON.stringify(
          JSON.stringify(
            kept,
            Object.keys(kept).sort((a, b) => (a < b ? -1 : 1)),
          ),
        ),
      );
    }),
    { numRuns: 40 },
  );
});
