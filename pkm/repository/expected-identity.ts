/** Whether an index is that of the repository that is meant. */
import { shellWord } from '../../base/index.ts';
import { printable } from '../names.ts';
import { indexFault } from './index-file.ts';
import type { KnownRepository } from './known.ts';
import { shownUrl } from './open-url.ts';
import type { RepositorySettings } from './settings.ts';

/** What an index must say, and who wants that; `undefined`: anything. */
export interface ExpectedIdentity {
  readonly identity: string;
  readonly by: 'asked' | 'settings' | 'known';
}

/** @param asked  for this once */
export function expectedIdentity(
  asked: string | undefined,
  settings: RepositorySettings,
  known: KnownRepository | undefined,
): ExpectedIdentity | undefined {
  if (asked !== undefined) return { identity: asked, by: 'asked' };
  if (settings.identity !== undefined) return { identity: settings.identity, by: 'settings' };
  return known === undefined || known.identity === '' ? undefined : { identity: known.identity, by: 'known' };
}

/** Whether it is taken older or expired counts for nothing here. @throws Fault E-PKM-026 the index of another repository */
export function checkIdentity(
  identity: string,
  expected: ExpectedIdentity | undefined,
  { settings, base }: { settings: RepositorySettings; base: URL },
): void {
  if (expected === undefined || expected.identity === identity) return;
  throw indexFault(shownUrl(base), whyNot(identity, expected, settings), [
    ...waysOut(identity, expected, settings),
    'else its address shows another repository than it should: tell the people who publish it',
  ]);
}

function whyNot(identity: string, { identity: wanted, by }: ExpectedIdentity, { name }: RepositorySettings): string {
  const is = identity === '' ? 'it does not say which repository it is of' : `it is of repository '${printable(identity)}'`;
  const one = wanted === '' ? 'one that says none' : `'${printable(wanted)}'`;
  if (by === 'asked') return `${is}, and ${one} was asked for`;
  return by === 'known' ? `${is}, and ${one} was known here` : `${is}, and ${one} is what '${name}.conf' says`;
}

function waysOut(identity: string, { identity: wanted, by }: ExpectedIdentity, settings: RepositorySettings): string[] {
  const named = `igos repo build --identity ${shellWord(wanted)}`;
  const publisher = identity === '' ? [`if it was lost when the index was made anew, its publisher says it with '${named}'`] : [];
  const right = identity === '' ? 'if it shall have none from now on' : 'if it was renamed, or moved here';
  if (by === 'settings') return [...publisher, `${right}: change 'identity' in etc/igos/repositories.d/${settings.name}.conf`];
  const which = settings.name === '' ? shownUrl(settings.addresses[0]!) : settings.name;
  return [...publisher, `${right}: pkm sync ${shellWord(which)} --identity ${shellWord(identity)}`];
}
