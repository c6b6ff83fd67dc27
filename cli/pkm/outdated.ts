import { Fault } from '../../base/index.ts';
import type { AvailablePackage, Root } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { shownVersion, unlessSynced } from './offers.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const outdated = root.outdated();
  const held = new Set(root.holds().map((hold) => hold.name));
  const behind = outdated.length === 0 ? [] : root.keptBack(upgradeOf(root));
  const kept = new Set(behind.flatMap(({ offered, besides = [] }) => [offered, ...besides].map(({ name }) => name)));
  const isKept = (ends: readonly { readonly name: string }[]): boolean => ends.some(({ name }) => kept.has(name));
  if (context.isJson) {
    context.out.json({
      packages: outdated.map(({ record, offer, others }) => ({
        name: record.name,
        version: record.version,
        release: record.release,
        isHeld: held.has(record.name),
        isKeptBack: isKept([offer, ...others]),
        offered: offered(offer),
        ...(others.length === 0 ? {} : { besides: others.map(offered) }),
      })),
    });
    return;
  }
  for (const { record, offer, others } of outdated) {
    const successors = [offer, ...others].map((one) => `${one.name} ${shownVersion(one)}`);
    const to = offer.name === record.name ? shownVersion(offer) : `superseded by ${successors.join(', ')}`;
    const mark = held.has(record.name) ? ' (held)' : isKept([offer, ...others]) ? ' (kept back)' : '';
    context.out.line(`${record.name} ${shownVersion(record)} -> ${to}${mark}`);
  }
  if (outdated.length > 0) return;
  const unsynced = unlessSynced(root);
  context.out.talk(
    unsynced === '' ? 'everything is up to date, as far as the synced indexes know' : `nothing newer is known${unsynced}`,
  );
}

const offered = ({ name, version, release, repository }: AvailablePackage) => ({ name, version, release, repository });

/** What `pkm upgrade` would bring; where that fails, nothing. */
function upgradeOf(root: Root): AvailablePackage[] {
  try {
    return root.resolve([], { upgrade: true });
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
