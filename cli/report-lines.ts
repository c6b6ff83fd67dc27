/** What a transaction did, or would do, in words. */
import { count, formatBytes, typedWord } from '../base/index.ts';
import type { ConfigSettled, KeptBack, LeftToSwitch, PackageChange, TransactionReport } from '../pkm/index.ts';
import { shownVersion } from './pkm/offers.ts';

const ACTIONS = {
  install: 'installed',
  upgrade: 'upgraded',
  downgrade: 'downgraded',
  // an equal version with other bytes
  renew: 'renewed',
  change: 'changed',
  supersede: 'superseded',
  remove: 'removed',
  restore: 'restored',
  mark: 'marked',
} as const;
const OUTCOMES = {
  placed: undefined,
  replaced: undefined,
  removed: undefined,
  kept: 'kept as you changed it',
  merged: 'your changes and the new version merged',
  'new-file': 'both changed: yours stays, the new version is beside it',
  'stays-deleted': 'you deleted it: it stays so',
  left: 'left in place',
  saved: 'removed, and your version saved',
} as const;

/** One package of a plan, or of what was done. */
export function packageLine({ name, action, from, to, by, nFilesLeft, reason }: PackageChange, isPlan: boolean): string {
  const isBetween = from !== undefined && to !== undefined && from !== to;
  const versions = isBetween ? ` ${from} -> ${to}` : ` ${to ?? from ?? ''}`;
  const tail = by !== undefined ? ` by ${by}` : reason === undefined ? '' : ` as ${reason}`;
  const left = nFilesLeft === undefined ? '' : `; ${count(nFilesLeft, 'file')} of it ${nFilesLeft === 1 ? 'stays' : 'stay'}`;
  return `${isPlan ? action : ACTIONS[action]} ${name}${versions.trimEnd()}${tail}${left}`;
}

/** Packages, configuration, and what it comes to. */
export function reportLines(report: TransactionReport, isPlan: boolean): string[] {
  const lines = report.packages.map((change) => packageLine(change, isPlan));
  for (const { path, outcome, newPath } of report.config) {
    const text = OUTCOMES[outcome];
    if (text !== undefined) lines.push(`config ${path}: ${text}${newPath === undefined ? '' : ` (${newPath})`}`);
  }
  for (const { package: by, name, status } of report.triggers) {
    const from = by === '' ? '' : ` of ${by}`;
    if (status === 'planned') lines.push(`trigger ${name}${from}`);
    else if (status === 'ok') lines.push(`ran trigger ${name}${from}`);
  }
  lines.push(
    ...several('kept back', report.keptBack ?? [], keptBackLine),
    ...several('not brought', report.leftToSwitch ?? [], leftLine),
  );
  if (!report.isChanged) lines.push('nothing to do');
  else {
    const files = `${count(report.nFilesPlaced, 'file')} placed, ${report.nFilesRemoved} removed`;
    lines.push(
      `generation ${report.generation}${isPlan ? ' it would be' : ''}: ${files}${isPlan ? `, ${formatBytes(report.stagedBytes)} written` : ''}`,
    );
  }
  return lines;
}

/** Both versions, and the way out. */
function keptBackLine({ name, version, release, isHeld, offered, besides = [] }: KeptBack): string {
  const successors = [offered, ...besides].map((one) => `${one.name} ${shownVersion(one)}`).join(', ');
  const to = offered.name === name ? shownVersion(offered) : `superseded by ${successors}`;
  const why = isHeld
    ? `it is held, 'pkm unhold ${name}' lets it go`
    : `that does not fit with what stays, 'pkm upgrade ${name}' says why`;
  return `${name} ${shownVersion({ version, release })} -> ${to}: ${why}`;
}

const leftLine = ({ system, operand }: LeftToSwitch): string =>
  `the files and services that system '${system}' declares itself; 'pkm switch ${typedWord(operand)}' brings them`;

export const warningLines = (report: TransactionReport): string[] =>
  report.warnings.map(({ kind, path, package: name, text }) => {
    // What is said of trust names the package itself.
    const subject = path ?? (kind === 'trust' ? undefined : name);
    return `warning: ${subject === undefined ? '' : `${subject}: `}${text}`;
  });

/** Everything a person should know before it happens. */
export const planLines = (report: TransactionReport): string[] => [...warningLines(report), ...reportLines(report, true)];

/** How many of a kind are named; --json has them all. */
const SHOWN = 20;

/** A line each of the first few. */
export function* several<T>(what: string, items: readonly T[], show: (item: T) => string): Iterable<string> {
  for (const item of items.slice(0, SHOWN)) yield `${what}: ${show(item)}`;
  if (items.length > SHOWN) yield `${what}: ${items.length - SHOWN} more (--json names them)`;
}

/** Of conflicts of configuration. */
export const toSettle = (n: number): string => `${n} to settle: see 'pkm config diff', then 'pkm config resolve'`;

const TOOK = { mine: 'kept yours:', theirs: "took the package's:", merged: 'merged:', bytes: 'took the edited:' } as const;

/** What became of a file that `pkm config resolve` settled. */
export function settledText({ path, take, savedAs }: Pick<ConfigSettled, 'path' | 'take' | 'savedAs'>): string {
  return `${TOOK[take]} /${path}${savedAs === '' ? '' : `; what stood there is kept as /${savedAs}`}`;
}
