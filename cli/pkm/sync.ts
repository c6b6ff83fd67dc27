import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { count, didYouMean, Fault, renderFault, sys } from '../../base/index.ts';
import type { FetchedRepository, KnownRepository, RepositorySettings, Root, SyncReport, SyncWish } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { identityOf } from '../identity-of.ts';
import { openForReading } from '../root-reading.ts';
import { openForChange } from '../roots.ts';
import { formatTime } from '../time.ts';
import { shownAddress } from './shown-address.ts';

type Outcome = { repository: string } & (
  | { kind: 'synced'; report: SyncReport }
  | { kind: 'refused'; fault: Fault }
  | { kind: 'forgotten' }
);

export async function run(context: Context, args: Arguments): Promise<number> {
  const outcomes = args.has('forget') ? forget(context, args) : await syncAll(context, args);
  if (context.isJson) {
    context.out.json({ repositories: outcomes.map(asJson) });
  } else for (const outcome of outcomes) say(context, outcome);
  return outcomes.some((outcome) => outcome.kind === 'refused') ? 1 : 0;
}

/** Indexes are fetched and checked without a lock, and taken under it: a slow mirror keeps nobody from changing the root. */
async function syncAll(context: Context, args: Arguments): Promise<Outcome[]> {
  let gone: Outcome[] = [];
  const outcomes = new Map<Wanted, Outcome>();
  const { wanted, options, hasGone } = request(context, args);
  let round = await fetchIndexes(args, wanted, options);
  do {
    for (const one of round) if (one.fault !== undefined) outcomes.set(one.wanted, refused(one.wanted, one.fault));
    const again: Wanted[] = [];
    if (hasGone || round.some((one) => one.fetched !== undefined)) {
      using root = openForChange(context, args, 'pkm sync', { mayBeMissing: true });
      if (hasGone) gone = [...gone, ...forgotten(root, wanted as readonly RepositorySettings[])];
      for (const { wanted: repository, fetched } of round) {
        if (fetched === undefined) continue;
        try {
          const report = await root.putIndex(fetched, options);
          if (report === undefined) again.push(repository);
          else outcomes.set(repository, { repository: nameOf(repository), kind: 'synced', report });
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          outcomes.set(repository, refused(repository, error));
        }
      }
    }
    // Somebody forgot or replaced meanwhile what an index was compared with.
    round = again.length === 0 ? [] : await fetchIndexes(args, again, options);
  } while (round.length > 0);
  return [...gone, ...wanted.map((repository) => outcomes.get(repository)!)];
}

type Wanted = RepositorySettings | string;

const nameOf = (wanted: Wanted): string => (typeof wanted === 'string' ? wanted : wanted.name);

const refused = (wanted: Wanted, fault: Fault): Outcome => ({ repository: nameOf(wanted), kind: 'refused', fault });

/** What is asked for, and how. @throws UsageError nothing is */
function request(context: Context, args: Arguments): { wanted: readonly Wanted[]; options: SyncWish; hasGone: boolean } {
  using root = openForReading(args, { mayBeMissing: true });
  root.checkWritable();
  const described = root.repositorySettings();
  const wanted =
    args.operands.length === 0
      ? described.filter((settings) => settings.isEnabled)
      : [...new Set(args.operands.map((operand) => namedRepository(context, operand, described)))];
  const hasGone = args.operands.length === 0 && unwanted(root, wanted as readonly RepositorySettings[]).length > 0;
  if (wanted.length === 0 && !hasGone) {
    // what was synced by its address once is named, and is fetched anew only when it is named again
    const known = root.repositories().map((one) => one.address);
    const addresses = known.length === 0 ? ['https://example.org/packages/'] : known;
    throw new UsageError('no repository is described in etc/igos/repositories.d of the root', [
      ...addresses.map((address) => `pkm sync ${shownAddress(address)} --key KEY.pub`),
      `or write etc/igos/repositories.d/main.conf with the line: address = ${shownAddress(addresses[0]!)}`,
    ]);
  }
  const keys = args.all('key').map(([file]) => ({
    text: sys('read', file!, () => readFileSync(resolve(context.workingDirectory, file!), 'utf8')),
    from: file!,
  }));
  const identity = identityOf(args);
  if (identity !== undefined && wanted.length !== 1) throw new UsageError('--identity is that of one repository: name it');
  const named = identity === undefined ? {} : { identity };
  return { wanted, options: { ...(keys.length === 0 ? {} : { keys }), ...named, force: args.has('force') }, hasGone };
}

interface Round {
  readonly wanted: Wanted;
  readonly fetched?: FetchedRepository;
  readonly fault?: Fault;
}

async function fetchIndexes(args: Arguments, wanted: readonly Wanted[], options: SyncWish): Promise<Round[]> {
  using root = openForReading(args, { mayBeMissing: true });
  return await Promise.all(
    wanted.map(async (repository): Promise<Round> => {
      try {
        return { wanted: repository, fetched: await root.fetchIndex(repository, options) };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return { wanted: repository, fault: error };
      }
    }),
  );
}

/** What was synced under a name that no file describes any more: it must not vouch for archives. */
const forgotten = (root: Root, wanted: readonly RepositorySettings[]): Outcome[] =>
  unwanted(root, wanted).map(({ name, address }) => {
    root.forget(address);
    return { repository: name, kind: 'forgotten' };
  });

function unwanted(root: Root, wanted: readonly RepositorySettings[]): KnownRepository[] {
  const addresses = new Set(wanted.map((settings) => settings.addresses[0]!.href));
  return root.repositories().filter((known) => known.name !== '' && !addresses.has(known.address));
}

function forget(context: Context, args: Arguments): Outcome[] {
  if (args.operands.length === 0) throw new UsageError('pkm sync --forget needs NAME or URL');
  using root = openForChange(context, args, 'pkm sync');
  const known = root.repositories();
  return args.operands.map((operand) => {
    const address = addressOf(context, operand);
    const found =
      known.find((one) => one.name === operand || one.address === address || one.address === `${address}/`) ??
      known.find((one) => [address, `${address}/`].includes(shownAddress(one.address)));
    if (found === undefined)
      throw noRepository(
        operand,
        known.map((one) => one.name || shownAddress(one.address)),
      );
    root.forget(found.address);
    return { repository: operand, kind: 'forgotten' };
  });
}

/** A name that a file describes, an address, or a folder of this machine. */
function namedRepository(
  context: Context,
  operand: string,
  described: readonly RepositorySettings[],
): RepositorySettings | string {
  const address = addressOf(context, operand);
  const settings = described.find((one) => one.name === operand || [address, `${address}/`].includes(one.addresses[0]!.href));
  if (settings !== undefined) return settings;
  const isPlain = !operand.includes('/') && !/^[a-z]+:/.test(operand);
  if (isPlain && !existsSync(resolve(context.workingDirectory, operand)))
    throw noRepository(
      operand,
      described.map((one) => one.name),
    );
  return address;
}

const addressOf = (context: Context, operand: string): string =>
  /^[a-z]+:/.test(operand) ? operand : pathToFileURL(resolve(context.workingDirectory, operand)).href;

const noRepository = (operand: string, known: readonly string[]): Fault =>
  new Fault('E-PKM-073', `there is no repository '${shownAddress(operand)}'`, {
    hints: [
      ...didYouMean(operand, known),
      "see them with 'pkm repositories'",
      'or give the address of one: https://…, or ./FOLDER',
    ],
  });

function say(context: Context, outcome: Outcome): void {
  const repository = shownAddress(outcome.repository);
  if (outcome.kind === 'refused') context.out.talk(renderFault(outcome.fault, { color: context.out.isColored }).trimEnd());
  else if (outcome.kind === 'forgotten') context.out.line(`forgot ${repository}`);
  else {
    const { nPackages, serial, expiresAt, isUnchanged } = outcome.report;
    const until = expiresAt === 0 ? '' : `, good until ${formatTime(expiresAt)}`;
    context.out.line(
      `synced ${repository}: ${count(nPackages, 'package')}, serial ${serial}${isUnchanged ? ' as before' : ''}${until}`,
    );
  }
}

function asJson(outcome: Outcome): object {
  const { repository, kind } = outcome;
  if (outcome.kind === 'refused') return { repository, kind, code: outcome.fault.code, message: outcome.fault.message };
  if (outcome.kind === 'forgotten') return { repository, kind };
  const { address, identity, serial, nPackages, expiresAt, isUnchanged } = outcome.report;
  return { repository, kind, address, identity, serial, packages: nPackages, expiresAt, isUnchanged };
}
