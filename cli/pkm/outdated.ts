import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { shownVersion, unlessSynced } from './offers.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const outdated = root.outdated();
  const held = new Set(root.holds().map((hold) => hold.name));
  if (context.isJson) {
    context.out.json({
      packages: outdated.map(({ record, offer }) => ({
        name: record.name,
        version: record.version,
        release: record.release,
        isHeld: held.has(record.name),
        offered: { name: offer.name, version: offer.version, release: offer.release, repository: offer.repository },
      })),
    });
    return;
  }
  for (const { record, offer } of outdated) {
    const to = offer.name === record.name ? shownVersion(offer) : `superseded by ${offer.name} ${shownVersion(offer)}`;
    context.out.line(`${record.name} ${shownVersion(record)} -> ${to}${held.has(record.name) ? ' (held)' : ''}`);
  }
  if (outdated.length > 0) return;
  const unsynced = unlessSynced(root);
  context.out.talk(
    unsynced === '' ? 'everything is up to date, as far as the synced indexes know' : `nothing newer is known${unsynced}`,
  );
}
