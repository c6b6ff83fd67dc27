/** Stores and derivations for tests of the builder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { probeSandbox } from '../../builder/index.ts';
import {
  type Derivation,
  type DerivationOutput,
  derivationReferences,
  encodeDerivation,
  fillOutputPaths,
  hostTree,
  type ObjectStore,
  openStore,
  placeholder,
  type StorePath,
  upstreamPlaceholder,
} from '../../store/index.ts';

export const storeDir = '/igos/store';

/** A folder that goes with the test. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(`${tmpdir()}/igos-builder-`);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function temporaryStore(context: TestContext): ObjectStore {
  const home = temporaryFolder(context);
  const store = openStore({ home, storeDir });
  context.after(() => store.close());
  return store;
}

/** Skips the test where no sandbox can be made, saying why. */
export function needsSandbox(context: TestContext): boolean {
  const { fault } = probeSandbox();
  if (fault !== undefined) context.skip(`no sandbox here: ${fault.message}`);
  return fault === undefined;
}

export interface DerivationSpec {
  readonly name: string;
  readonly outputs?: readonly string[];
  /** Default: floating. */
  readonly kind?: 'floating' | 'input-addressed';
  readonly fixed?: DerivationOutput;
  readonly builder?: string;
  readonly args?: readonly string[];
  readonly script?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly inputs?: readonly { readonly drvPath: StorePath; readonly outputs?: readonly string[] }[];
  readonly sources?: readonly StorePath[];
  readonly system?: string;
}

/** Adds a derivation; `script` is run by /bin/sh. */
export function addDerivation(store: ObjectStore, spec: DerivationSpec): StorePath {
  const outputs = spec.outputs ?? ['out'];
  const kind = spec.kind ?? 'floating';
  const places = kind === 'floating' && spec.fixed === undefined ? outputs.map((name) => [name, placeholder(name)] as const) : [];
  const env = { name: spec.name, outputs: outputs.join(' '), ...Object.fromEntries(places), ...spec.env };
  const output = (): DerivationOutput =>
    spec.fixed ?? (kind === 'floating' ? { kind, method: 'nar', algorithm: 'sha256' } : { kind: 'deferred' });
  let drv: Derivation = {
    name: spec.name,
    outputs: new Map(outputs.map((name) => [name, output()])),
    inputDrvs: new Map((spec.inputs ?? []).map((input) => [input.drvPath, input.outputs ?? ['out']])),
    inputSrcs: [...(spec.sources ?? [])].sort(compareBytes),
    system: spec.system ?? 'x86_64-linux',
    builder: spec.builder ?? '/bin/sh',
    args: spec.args ?? ['-e', '-c', spec.script ?? ': > $out'],
    env: new Map(Object.entries(env)),
  };
  if (kind === 'input-addressed') drv = fillOutputPaths(drv, storeDir, (path) => store.readDerivation(path), new Map());
  const text = { name: `${spec.name}.drv`, text: encodeDerivation(drv), references: derivationReferences(drv) };
  return store.addTexts([text])[0]!;
}

/** What a dependent writes for the output of a derivation that is not built yet. */
export const outputOf = (drvPath: StorePath, output = 'out'): string => upstreamPlaceholder(drvPath, output);

/** `igosRoot` of these layers. */
export const rootOf = (...layers: readonly { name: string; path: string; supersedes?: readonly string[] }[]): string =>
  JSON.stringify({ layers: layers.map((layer) => ({ supersedes: [], ...layer })) });

/** A shell and a few tools of this machine as a layer. */
export const toolsLayer = (store: ObjectStore, ...tools: readonly string[]): StorePath =>
  hostTree(store, 'host-tools', { tools: ['sh', ...tools], files: [], searchPath: ['/usr/bin', '/bin', '/usr/sbin', '/sbin'] });
