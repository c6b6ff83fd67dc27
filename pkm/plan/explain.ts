import { didYouMean, Fault } from '../../base/index.ts';
import type { Candidate } from './offers.ts';

/** A requirement that could not be met, on one of the ways that were tried. */
export interface Failure {
  readonly requirement: string;
  /** Who asks, who asked for that one, and so on; empty: the user. Of the first failure all are shown. */
  readonly askers: readonly string[];
  /** Each candidate, and why not: as many as are shown. */
  readonly tried: readonly string[];
  readonly nTried: number;
}

export const IS_HIDDEN = 'is offered, and hidden: another repository has that name, and a higher priority';
const RAISE = "raise the priority of the repository that has it, in etc/igos/repositories.d, and run 'pkm sync'";

const MAX_FAILURES = 4;
export const MAX_TRIED = 8;

/**
 * The first thing that failed is what the user should hear of first: it is on the way that was preferred.
 * @param distinct  each requirement of each asker once
 * @param offered  every name that is offered: for did-you-mean
 */
export function explainFailure(distinct: readonly Failure[], offered: Iterable<string>, note: string | undefined): Fault {
  const first = distinct[0];
  if (first === undefined)
    return new Fault('E-PKM-013', note ?? 'nothing fits', { hints: ["fetch the newest indexes with 'pkm sync'"] });
  const notes = [...asked(first), ...triedOf(first)];
  for (const other of distinct.slice(1, MAX_FAILURES)) notes.push(headline(other), ...triedOf(other));
  if (distinct.length > MAX_FAILURES) notes.push(`and ${distinct.length - MAX_FAILURES} more that could not be met`);
  if (note !== undefined) notes.push(note);
  const isUnknown = first.tried.length === 0;
  return new Fault('E-PKM-013', headline(first), {
    notes,
    hints: isUnknown
      ? [...didYouMean(first.requirement, [...offered]), "fetch the newest indexes with 'pkm sync'"]
      : hintsOf(distinct),
  });
}

function hintsOf(failures: readonly Failure[]): string[] {
  const all = failures.flatMap((failure) => failure.tried).join('\n');
  const hints: string[] = [];
  const held = new Set([...all.matchAll(/'([^']+)'(?:, which)? is held/g)].map(([, name]) => name!));
  if (held.size > 0) hints.push(`let go of what is held with 'pkm unhold ${[...held].join(' ')}'`);
  const inTheWay = new Set([...all.matchAll(/conflicts with .*, and '([^']+)' is installed$/gm)].map(([, name]) => name!));
  if (inTheWay.size > 0) hints.push(`remove what excludes it with 'pkm remove ${[...inTheWay].join(' ')}'`);
  else if (/conflicts with/.test(all)) hints.push('leave out one of the packages that exclude each other');
  if (all.includes(IS_HIDDEN)) return [...hints, RAISE];
  const [, older] = /^(\S+) .* was tried: .*, which is installed, is newer$/m.exec(all) ?? [];
  if (older === undefined) return [...hints, "fetch the newest indexes with 'pkm sync'"];
  return [
    ...hints,
    `nothing is downgraded by its name: install the older version from its archive with 'pkm install --archive FILE'`,
    `or take back the last change of '${older}' with 'pkm rollback --package ${older}'`,
  ];
}

const headline = ({ requirement, askers, tried }: Failure): string => {
  const how = tried.length === 0 ? 'which no synced repository offers' : 'which cannot be met';
  return askers.length === 0
    ? `'${requirement}' cannot be installed`
    : `'${askers[0]!.replace(', which is installed', '')}' needs '${requirement}', ${how}`;
};

function asked({ askers }: Failure): string[] {
  if (askers.length === 0) return [];
  const way = askers.slice(1).map((asker) => `'${asker.replace(', which is installed', '')}' needs that`);
  const isInstalled = askers.at(-1)!.endsWith(', which is installed');
  return [...way, `'${askers.at(-1)!.replace(', which is installed', '')}' ${isInstalled ? 'is installed' : 'was asked for'}`];
}

const triedOf = ({ tried, nTried }: Failure): string[] => [
  ...tried,
  ...(nTried > tried.length ? [`and ${nTried - tried.length} more candidates`] : []),
];

const NOTHING_SYNCED = [
  "no repository was synced yet: 'pkm sync' fetches those that etc/igos/repositories.d describes",
  'or one by its address: pkm sync https://example.org/packages/ --key KEY.pub',
  'a package of a tree is called TREE#NAME, an archive --archive FILE',
];

/** Nothing of the name is offered, or not in such a version. */
export function notOffered(
  text: string,
  known: {
    readonly others: readonly Candidate[];
    readonly hidden: readonly string[];
    readonly offered: readonly string[];
    readonly isSynced: boolean;
  },
): Fault {
  const { others, hidden, offered, isSynced } = known;
  const sync = hidden.length > 0 ? RAISE : "fetch the newest indexes with 'pkm sync'";
  return new Fault('E-PKM-013', hidden.length > 0 ? `'${text}' cannot be installed` : `no synced repository offers '${text}'`, {
    notes: [
      ...(isSynced && offered.length === 0 ? ['those that were synced have no packages'] : []),
      ...hidden,
      ...others.map((item) => `'${item.name} ${item.version}' is offered`),
    ].slice(0, MAX_TRIED),
    hints: !isSynced ? NOTHING_SYNCED : [...didYouMean(text, offered), sync],
  });
}
