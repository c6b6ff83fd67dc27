/** Nix's experimental features by name: those that change the language here, those that are no switch here, and the rest. */
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';

export interface Features {
  readonly pipes: boolean;
  readonly hasTomlTimestamps: boolean;
}

/** On from the start, or about Nix's daemon, stores and commands: naming them changes nothing. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'auto-allocate-uids',
  'blake3-hashes',
  'ca-derivations',
  'cgroups',
  'configurable-impure-env',
  'daemon-trust-override',
  'dynamic-derivations',
  'external-builders',
  'fetch-closure',
  'fetch-tree',
  'flakes',
  'git-hashing',
  'impure-derivations',
  'local-overlay-store',
  'mounted-ssh-store',
  'nix-command',
  'read-only-local-store',
  'recursive-nix',
  'verified-fetches',
]);

/** Reads `--experimental-features` and `--extra-experimental-features`; a name that Nix does not have is warned of. */
export function experimentalFeatures(context: Context, args: Arguments): Features {
  const lists = [...args.all('experimental-features'), ...args.all('extra-experimental-features')];
  const names = new Set(lists.flatMap(([list]) => list!.split(/\s+/).filter((name) => name !== '')));
  for (const name of names) {
    if (name === 'pipe-operators' || name === 'parse-toml-timestamps' || WITHOUT_EFFECT.has(name)) continue;
    context.out.talk(`warning: unknown experimental feature '${name}'`);
  }
  return {
    pipes: args.has('pipes') || names.has('pipe-operators'),
    hasTomlTimestamps: names.has('parse-toml-timestamps'),
  };
}
