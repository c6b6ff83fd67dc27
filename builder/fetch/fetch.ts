/**
 * Files from outside, named by their hash: derivations with the builder `builtin:fetchurl`. No sandbox: nothing of what arrives is run.
 *
 * @source docs/builder.md §5
 */
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { type Bytes, bytesToText, Fault, SystemFault, sys, withoutSecrets } from '../../base/index.ts';
import { type Derivation, type DerivationOutput, type Digest, formatHash, storePathBase } from '../../store/index.ts';
import { buildFault, stopped } from '../build-fault.ts';
import type { BuildContext, BuildJob, BuiltOutputs } from '../build-one.ts';
import { addMade } from '../collect.ts';
import { words } from '../environment.ts';
import { outputPlaces } from '../output-places.ts';
import { removeScratch } from '../remove.ts';
import { type DebianSources, parseDebianUrl } from './debian.ts';
import { type DebianBinaries, parseDebianBinaryUrl } from './debian-binary.ts';
import { fetchHttp } from './http.ts';
import { fetchLocal } from './local.ts';
import { FetchProblem, NoRoom, type Received, receive } from './receive.ts';
import { unpackSource } from './unpack-source.ts';

/** The Debian mirrors of this machine. */
export interface Archives {
  readonly sources: DebianSources;
  readonly binaries: DebianBinaries;
}

type FixedOutput = Extract<DerivationOutput, { kind: 'fixed' }>;

/**
 * Tries one address after the other until one delivers what the hash says, and adds it.
 *
 * @throws Fault E-BUILD-010 no address delivered · E-BUILD-011 another hash · E-BUILD-012 bad attributes · E-BUILD-013 bad archive
 */
export async function fetchOne(context: BuildContext, job: BuildJob, archives: Archives): Promise<BuiltOutputs> {
  const { store } = context;
  const { drv } = job.resolved;
  const spec = readSpec(drv);
  const scratch = store.makeScratch();
  try {
    const file = `${scratch}/download`;
    await receiveFirst(context, job, { spec, file, archives });
    const places = outputPlaces(job.resolved, store.storeDir);
    const folder = `${scratch}/made`;
    mkdirSync(folder);
    const target = `${folder}/${storePathBase(places.get('out')!)}`;
    if (spec.isUnpacked) {
      const { workspace, signal } = context;
      await unpackSource({ file, folder: `${scratch}/unpacked`, target }, { workspace, signal, slot: job.slot });
    } else {
      sys('move', file, () => renameSync(file, target));
      chmodSync(target, spec.isExecutable ? 0o755 : 0o644);
    }
    return addMade(store, { drv, drvPath: job.drvPath, folder, places, closure: [] });
  } finally {
    removeScratch(scratch);
  }
}

interface FetchSpec {
  readonly urls: readonly Bytes[];
  readonly output: FixedOutput;
  readonly isUnpacked: boolean;
  readonly isExecutable: boolean;
}

function readSpec(drv: Derivation): FetchSpec {
  const name = `'${drv.name}'`;
  if (drv.builder !== 'builtin:fetchurl')
    throw badFetch(`${name} has the builder '${bytesToText(drv.builder)}', which igos does not have`, [
      "the builtin builders are 'builtin:fetchurl' and 'builtin:unpackDebian'",
    ]);
  const output = drv.outputs.get('out');
  if (output?.kind !== 'fixed' || drv.outputs.size !== 1)
    throw badFetch(`${name} is to be fetched, but declares no hash`, ['declare what must arrive: sha256 = "…"']);
  const url = drv.env.get('url') ?? '';
  const urls = [...new Set([...words(url), ...words(drv.env.get('urls'))])];
  if (urls.length === 0) throw badFetch(`${name} is to be fetched, but does not say from where`, ['declare url = "https://…"']);
  return { urls, output, isUnpacked: drv.env.get('unpack') === '1', isExecutable: drv.env.get('executable') === '1' };
}

const badFetch = (message: string, hints: readonly string[]): Fault => buildFault('E-BUILD-012', message, { hints });

async function receiveFirst(
  context: BuildContext,
  job: BuildJob,
  options: { spec: FetchSpec; file: string; archives: Archives },
): Promise<void> {
  const { spec, file, archives } = options;
  const { drvPath } = job;
  const problems: string[] = [];
  let nTooLarge = 0;
  let wrong: Digest | undefined;
  // A hash over a tree is checked when the tree is there.
  const expected = spec.output.method === 'flat' && !spec.isUnpacked ? spec.output.digest : undefined;
  for (const address of spec.urls) {
    const url = bytesToText(address);
    const shown = withoutSecrets(url);
    try {
      const received = await receive(
        {
          file,
          algorithm: spec.output.digest.algorithm,
          onProgress: (doneBytes, totalBytes) => context.emit({ kind: 'fetched', drvPath, url: shown, doneBytes, totalBytes }),
          signal: context.signal,
        },
        (into) => open(url, into, archives),
      );
      if (expected === undefined || received.hex === expected.hex) return;
      wrong = { algorithm: expected.algorithm, hex: received.hex };
      problems.push(`${shown}: another hash: ${formatHash(wrong, 'sri')}`);
      context.emit({ kind: 'mirror-failed', drvPath, url: shown, reason: 'another hash' });
    } catch (error) {
      if (context.signal.aborted) throw stopped();
      const reason = problemOf(error);
      problems.push(`${shown}: ${reason}`);
      if (error instanceof NoRoom) nTooLarge++;
      context.emit({ kind: 'mirror-failed', drvPath, url: shown, reason });
    }
  }
  const { name } = job.resolved.drv;
  if (wrong !== undefined && expected !== undefined) throw hashMismatch(name, { expected, got: wrong, problems });
  throw buildFault('E-BUILD-010', `cannot fetch '${name}'`, {
    notes: problems,
    hints: [
      ...(nTooLarge > 0 ? ["make room: 'igos gc' removes what nothing needs"] : []),
      ...(nTooLarge === problems.length || spec.urls.every((url) => url.startsWith('file:'))
        ? []
        : ['is there a network? behind a proxy, set https_proxy and http_proxy']),
      'add another place: mirrors = [ "https://…" ]; the hash decides, so any place will do',
      ...byHand(name, spec),
    ],
  });
}

/** What puts a file of the machine where the build would have put what it fetched, where one command does. */
function byHand(name: string, { output, isUnpacked, isExecutable }: FetchSpec): string[] {
  if (output.digest.algorithm !== 'sha256' || isExecutable) return [];
  const command = isUnpacked
    ? `igos store fetch --unpack --name ${name} file:///FILE`
    : output.method === 'flat'
      ? `igos store add --flat --name ${name} FILE`
      : `igos store add --name ${name} FILE`;
  return [`or put the file into the store by hand: ${command}`];
}

async function open(url: string, into: Received, archives: Archives): Promise<unknown> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return await fetchHttp(url, into);
  if (scheme === 'file') return await fetchLocal(url, into);
  if (scheme === 'debian-source') return await archives.sources.fetch(parseDebianUrl(url), into);
  if (scheme === 'debian-binary') return await archives.binaries.fetch(parseDebianBinaryUrl(url), into);
  throw new FetchProblem(
    `'${scheme ?? withoutSecrets(url)}' is no way to fetch: https, http, file, debian-source and debian-binary are`,
  );
}

/** Faults and system failures at one address are reasons to try the next one; that this disk takes nothing more is none. */
export function problemOf(error: unknown): string {
  if (error instanceof SystemFault && error.operation === 'write') throw error;
  if (error instanceof FetchProblem || error instanceof Fault || error instanceof SystemFault) return error.message;
  throw error;
}

function hashMismatch(name: string, found: { expected: Digest; got: Digest; problems: readonly string[] }): Fault {
  const { expected, got, problems } = found;
  return buildFault('E-BUILD-011', `hash mismatch in the fetched file '${name}'`, {
    notes: [
      `expected ${formatHash(expected, 'sri')}\ngot      ${formatHash(got, 'sri')}`,
      ...(problems.length > 1 ? problems : []),
    ],
    hints: [
      `if you trust what arrived, declare hash = "${formatHash(got, 'sri')}"`,
      'if you do not, ask its makers: the file was replaced, or the place serves something else (an error page)',
    ],
  });
}
