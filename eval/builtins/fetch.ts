/**
 * What comes from the network. What has a hash is not fetched during evaluation: each call is a fixed-output derivation, named by the
 * hash, which the builder fetches when something needs it. That makes them pure, and the same in every evaluation. What has none is
 * fetched at once, where evaluation is impure.
 */
import { type Bytes, bytesToText, Fault, withoutSecrets } from '../../base/index.ts';
import { parseStoreName } from '../../store/index.ts';
import { Attrs, attrsFromRecord } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { resolveChannel } from '../channel.ts';
import type { Evaluator } from '../evaluator.ts';
import { ContextString, type Slot, type Value } from '../value.ts';
import { derivationStrict } from './derivations.ts';
import { builtinFault, neededAttribute, unexpectedAttribute } from './faults.ts';
import { baseNameOf } from './paths.ts';

export const fetchBuiltins: readonly Builtin[] = [
  builtin({
    name: 'fetchTarball',
    args: ['{ url, sha256 ?, name ? }'],
    doc: 'The tree in an archive from the network, without its top folder, as a store path. `sha256` (any form; `hash` for SRI) is the hash of the tree as a NAR; with it, the tree is fetched when needed, not during evaluation. Without it, impure evaluation fetches at once, from the network once an hour at most. `channel:NAME` is a channel of Nix.',
    isGlobal: true,
    impl: (ctx, argument) => fetch(ctx, argument, tarball),
  }),
  builtin({
    name: 'fetchurl',
    args: ['{ url, sha256 ?, name ? }'],
    doc: 'A file from the network, as a store path. `sha256` (any form; `hash` for SRI) is the hash of its bytes; with it, the file is fetched when needed, not during evaluation. Without it, impure evaluation fetches at once, from the network once an hour at most.',
    example: [
      'builtins.baseNameOf (builtins.unsafeDiscardStringContext (builtins.fetchurl { url = "https://example.org/x"; sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"; })) != ""',
      'true',
    ],
    impl: (ctx, argument) => fetch(ctx, argument, file),
  }),
];

interface Kind {
  readonly builtin: string;
  readonly isTree: boolean;
  readonly defaultName: (url: Bytes) => Bytes;
}

const file: Kind = { builtin: 'fetchurl', isTree: false, defaultName: baseNameOf };
const tarball: Kind = { builtin: 'fetchTarball', isTree: true, defaultName: () => 'source' };

function fetch(ctx: Evaluator, argument: Slot, kind: Kind): Value {
  const value = ctx.force(argument);
  const set = typeof value === 'string' ? attrsFromRecord({ url: value }) : ctx.forceAttrs(value, 'the url we should fetch');
  const known = ['hash', 'name', 'sha256', 'url'];
  for (const name of set.names) if (!known.includes(name)) throw unexpectedAttribute(kind.builtin, name, known);
  const given = attribute(ctx, set, 'url', kind);
  if (given === undefined) throw neededAttribute(`the argument of '${kind.builtin}'`, 'url', "'url' argument required");
  const url = resolveChannel(given);
  const hash = attribute(ctx, set, 'sha256', kind) ?? attribute(ctx, set, 'hash', kind);
  const nameGiven = attribute(ctx, set, 'name', kind);
  const name = nameGiven === undefined || nameGiven === '' ? kind.defaultName(url) : nameGiven;
  checkName(name, { url, builtin: kind.builtin, isSet: value instanceof Attrs, isNamed: nameGiven !== undefined });
  if (hash !== undefined) return fetchPinned(ctx, { url, hash, name, isTree: kind.isTree });
  const address = bytesToText(url);
  if (ctx.settings.pure === true) {
    const shown = withoutSecrets(address);
    throw builtinFault('E-EVAL-113', `in pure evaluation mode, '${kind.builtin}' requires a 'sha256' argument`, {
      notes: [`'${shown}' has no hash`],
      hints: [`igos store fetch ${kind.isTree ? '--unpack ' : ''}'${shown}' tells it`, 'or evaluate with --impure'],
    });
  }
  const { path } = ctx.io.fetchUrl({ url: address, name, isTree: kind.isTree });
  return new ContextString(path, [path]);
}

interface Pinned {
  readonly url: Bytes;
  readonly hash: Bytes;
  readonly name: Bytes;
  /** An archive, of which the tree inside is wanted. */
  readonly isTree: boolean;
  /** The hash of a file is that of its NAR; that of a tree always is. */
  readonly isNarHash?: boolean;
}

/** The output of a derivation that fetches; nothing is fetched yet. */
export const fetchPinned = (ctx: Evaluator, pinned: Pinned): Value =>
  ctx.force(derivationStrict(ctx, fetchAttributes(pinned)).get('out')!);

interface Naming {
  readonly url: Bytes;
  readonly builtin: string;
  /** Whether the argument was a set, and had a name. */
  readonly isSet: boolean;
  readonly isNamed: boolean;
}

function checkName(name: Bytes, { url, builtin, isSet, isNamed }: Naming): void {
  try {
    parseStoreName(name);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const way = isNamed
      ? `change the value for the 'name' attribute passed to '${builtin}',`
      : isSet
        ? `add a valid 'name' attribute to the argument for '${builtin}',`
        : `pass an attribute set with 'url' and 'name' attributes to '${builtin}', `;
    const message = `invalid store path name when fetching URL '${bytesToText(url)}': ${error.message}.`;
    throw builtinFault('E-EVAL-111', `${message} Please ${way} so that it can create a valid store path.`, {
      notes: error.notes,
      hints: error.hints,
    });
  }
}

function attribute(ctx: Evaluator, set: Attrs, name: string, { builtin }: Kind): Bytes | undefined {
  const slot = set.get(name);
  return slot === undefined ? undefined : ctx.forceStringNoContext(slot, `the attribute '${name}' passed to builtins.${builtin}`);
}

/** The derivation that the builder's fetcher understands; the same as Nix's `<nix/fetchurl.nix>` makes. */
function fetchAttributes({ url, hash, name, isTree, isNarHash = isTree }: Pinned): Attrs {
  return attrsFromRecord({
    name,
    url,
    urls: [url],
    builder: 'builtin:fetchurl',
    system: 'builtin',
    executable: false,
    unpack: isTree,
    outputHash: hash,
    outputHashAlgo: 'sha256',
    outputHashMode: isNarHash ? 'recursive' : 'flat',
    preferLocalBuild: true,
    impureEnvVars: ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'],
  });
}
