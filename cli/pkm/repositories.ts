import { count } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { formatTime } from '../time.ts';
import { shownAddress } from './shown-address.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const known = root.repositories();
  const described = root.repositorySettings();
  const addresses = new Set(known.map((one) => one.address));
  const waiting = described.filter((settings) => !addresses.has(settings.addresses[0]!.href));
  if (context.isJson) {
    context.out.json({
      repositories: known.map(({ signature: _, ...one }) => one),
      unsynced: waiting.map(({ name, addresses: [address], priority, isEnabled }) => ({ name, address, priority, isEnabled })),
    });
    return;
  }
  if (known.length + described.length === 0)
    context.out.talk(`no repository is known: pkm sync https://example.org/packages/ --key KEY.pub`);
  const now = Date.now() / 1000;
  for (const { name, address, identity, priority, nPackages, serial, syncedAt, expiresAt } of known) {
    context.out.line(`${name === '' ? '' : `${name}: `}${shownAddress(address)}`);
    const calledSo = identity === '' ? '' : `, identity ${identity}`;
    context.out.line(`  ${count(nPackages, 'package')}, serial ${serial}, priority ${priority}${calledSo}`);
    const until =
      expiresAt === 0 ? '' : expiresAt < now ? `; expired ${formatTime(expiresAt)}` : `; good until ${formatTime(expiresAt)}`;
    context.out.line(`  synced ${formatTime(syncedAt)}${until}`);
  }
  for (const {
    name,
    addresses: [address],
    isEnabled,
  } of waiting) {
    context.out.line(`${name}: ${shownAddress(address!.href)}`);
    context.out.line(isEnabled ? '  not synced yet: pkm sync' : '  not enabled');
  }
}
