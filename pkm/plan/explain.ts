import { didYouMean, Fault } from '../../base/index.ts';
import type { Candidate } from './world.ts';

/** A requirement that could not be met, on one of the ways that were tried. */
export interface Failure {
  readonly requirement: string;
  /** Who asks, who asked for that one, and so on; empty: the user. */
  readonly askers: readonly string[];
  /** Each candidate, and why not. */
  readonly tried: readonly string[];
  /** Every name that is offered: for did-you-mean. */
  readonly offered: readonly string[];
}

const MAX_FAILURES = 4;
const MAX_TRIED = 8;

/** The first thing that failed is what the user should hear of first: it is on the way that was preferred. */
export function explainFailure(failures: readonly Failure[], note: string | undefined): Fault {
  const distinct = [...new Map(failures.map((failure) => [headline(failure), failure])).values()];
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
      ? [...didYouMean(first.requirement, first.offered), "fetch the newest indexes with 'pkm sync'"]
      : hintsOf(distinct),
  });
}

function hintsOf(failures: readonly Failure[]): string[] {
  const all = failures.flatMap((failure) => failure.tried).join('\n');
  const hints: string[] = [];
  if (/held/.test(all)) hints.push("let go of a held package with 'pkm unhold NAME'");
  if (/conflicts with/.test(all)) hints.push("remove one of the packages that exclude each other with 'pkm remove NAME'");
  return [...hints, "fetch the newest indexes with 'pkm sync'"];
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

const triedOf = ({ tried }: Failure): string[] => [
  ...tried.slice(0, MAX_TRIED),
  ...(tried.length > MAX_TRIED ? [`and ${tried.length - MAX_TRIED} more candidates`] : []),
];

const NOTHING_SYNCED = [
  'no repository was synced yet: pkm sync https://example.org/packages/ --key KEY.pub',
  'a package of a tree is called TREE#NAME, an archive --archive FILE',
];

/** Nothing of the name is offered, or not in such a version. */
export function notOffered(text: string, others: readonly Candidate[], offered: readonly string[]): Fault {
  return new Fault('E-PKM-013', `no synced repository offers '${text}'`, {
    notes: others.slice(0, MAX_TRIED).map((item) => `'${item.name} ${item.version}' is offered`),
    hints: offered.length === 0 ? NOTHING_SYNCED : [...didYouMean(text, offered), "fetch the newest indexes with 'pkm sync'"],
  });
}
