import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { namePattern } from './name-pattern.ts';
import { shownVersion, unlessSynced } from './offers.ts';

interface Found {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  /** Address of the repository; `installed` otherwise. */
  readonly from: string;
  /** A path, or a provided name. */
  readonly what: string;
}

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const operand = args.operands[0]!;
  const isPath = operand.includes('/');
  const pattern = namePattern(operand.replace(/^\/+/, ''));
  const fits = (path: string): boolean => pattern.test(isPath ? path : path.slice(path.lastIndexOf('/') + 1));
  const found: Found[] = [];
  const look = (from: string, item: { name: string; version: string; release: number }, paths: Iterable<string>): void => {
    const { name, version, release } = item;
    for (const what of paths) if (fits(what)) found.push({ name, version, release, from, what });
  };
  const installed = root.list();
  const offers = root.available();
  for (const record of installed) look('installed', record, installedPaths(root.files(record.name)));
  if (!isPath) {
    const nameOf = (provided: string): string => provided.replace(/=.*/s, '');
    const namesOf = ({ name, provides }: { name: string; provides: readonly string[] }): string[] => [
      name,
      ...provides.map(nameOf),
    ];
    for (const record of installed) look('installed', record, namesOf(record));
    for (const offer of offers) look(offer.repository, offer, namesOf(offer));
  }
  const offered = new Set(offers.map(key));
  for (const { address } of root.repositories()) {
    for (const item of root.filesOffered(address))
      if (offered.has(key({ ...item, repository: address }))) look(address, item, item.paths);
  }
  if (context.isJson) context.out.json({ found });
  else if (found.length === 0) context.out.talk(`nothing provides '${operand}'${unlessSynced(root)}`);
  else {
    const lines = found.map(({ name, what, from, ...version }) => ({ from, text: `${name} ${shownVersion(version)}: ${what}` }));
    const there = new Set(lines.flatMap(({ from, text }) => (from === 'installed' ? [text] : [])));
    // What is installed is offered as well, mostly.
    for (const { from, text } of lines)
      if (from === 'installed' || !there.has(text)) context.out.line(`${text}${from === 'installed' ? ' (installed)' : ''}`);
  }
  return found.length > 0 ? 0 : 1;
}

const key = ({
  repository,
  name,
  version,
  release,
}: {
  repository: string;
  name: string;
  version: string;
  release: number;
}): string => `${repository} ${name} ${version} ${release}`;

function* installedPaths(rows: readonly { path: string; kind: string }[]): Generator<string> {
  for (const row of rows) if (row.kind !== 'directory') yield row.path;
}
