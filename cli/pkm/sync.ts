import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean, Fault, renderFault, sys } from '../../base/index.ts';
import type { RepositorySettings, Root, SyncReport } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openForChange } from '../roots.ts';
import { formatTime } from '../time.ts';

type Outcome = { repository: string } & (
  | { kind: 'synced'; report: SyncReport }
  | { kind: 'refused'; fault: Fault }
  | { kind: 'forgotten' }
);

export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  using root = openForChange(context, args, store, 'pkm sync');
  const outcomes = args.has('forget') ? forget(context, args, root) : await syncAll(context, args, root);
  if (context.isJson) {
    context.out.json({ repositories: outcomes.map(asJson) });
  } else for (const outcome of outcomes) say(context, outcome);
  return outcomes.some((outcome) => outcome.kind === 'refused') ? 1 : 0;
}

async function syncAll(context: Context, args: Arguments, root: Root): Promise<Outcome[]> {
  const described = root.repositorySettings();
  const wanted =
    args.operands.length === 0
      ? described.filter((settings) => settings.isEnabled)
      : args.operands.map((operand) => namedRepository(context, operand, described));
  const gone = args.operands.length === 0 ? forgotten(root, wanted as RepositorySettings[]) : [];
  if (wanted.length === 0 && gone.length === 0) {
    throw new UsageError('no repository is described in etc/igos/repositories.d of the root', [
      'pkm sync https://example.org/packages/ --key KEY.pub',
      'or write etc/igos/repositories.d/main.conf with the line: address = https://example.org/packages/',
    ]);
  }
  const keys = args.all('key').map(([file]) => ({
    text: sys('read', file!, () => readFileSync(resolve(context.workingDirectory, file!), 'utf8')),
    from: file!,
  }));
  const options = { ...(keys.length === 0 ? {} : { keys }), force: args.has('force') };
  const synced = wanted.map(async (repository): Promise<Outcome> => {
    const name = typeof repository === 'string' ? repository : repository.name;
    try {
      return { repository: name, kind: 'synced', report: await root.sync(repository, options) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { repository: name, kind: 'refused', fault: error };
    }
  });
  return [...gone, ...(await Promise.all(synced))];
}

/** What was synced under a name that no file describes any more: it must not vouch for archives. */
function forgotten(root: Root, wanted: readonly RepositorySettings[]): Outcome[] {
  const addresses = new Set(wanted.map((settings) => settings.addresses[0]!.href));
  return root
    .repositories()
    .filter((known) => known.name !== '' && !addresses.has(known.address))
    .map(({ name, address }) => {
      root.forget(address);
      return { repository: name, kind: 'forgotten' };
    });
}

function forget(context: Context, args: Arguments, root: Root): Outcome[] {
  if (args.operands.length === 0) throw new UsageError('pkm sync --forget needs NAME or URL');
  const known = root.repositories();
  return args.operands.map((operand) => {
    const address = addressOf(context, operand);
    const found = known.find((one) => one.name === operand || one.address === address || one.address === `${address}/`);
    if (found === undefined)
      throw noRepository(
        operand,
        known.map((one) => one.name || one.address),
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
  new Fault('E-PKM-073', `there is no repository '${operand}'`, {
    hints: [
      ...didYouMean(operand, known),
      "see them with 'pkm repositories'",
      'or give the address of one: https://…, or ./FOLDER',
    ],
  });

function say(context: Context, outcome: Outcome): void {
  const { repository } = outcome;
  if (outcome.kind === 'refused') context.out.talk(renderFault(outcome.fault, { color: context.out.isColored }).trimEnd());
  else if (outcome.kind === 'forgotten') context.out.line(`forgot ${repository}`);
  else {
    const { nPackages, serial, expiresAt, isUnchanged } = outcome.report;
    const until = expiresAt === 0 ? '' : `, good until ${formatTime(expiresAt)}`;
    context.out.line(`synced ${repository}: ${nPackages} packages, serial ${serial}${isUnchanged ? ' as before' : ''}${until}`);
  }
}

function asJson(outcome: Outcome): object {
  const { repository, kind } = outcome;
  if (outcome.kind === 'refused') return { repository, kind, code: outcome.fault.code, message: outcome.fault.message };
  if (outcome.kind === 'forgotten') return { repository, kind };
  const { address, serial, nPackages, expiresAt, isUnchanged } = outcome.report;
  return { repository, kind, address, serial, packages: nPackages, expiresAt, isUnchanged };
}
