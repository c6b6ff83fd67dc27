/** Offered packages as lines. */
import type { PackageRecord, Root } from '../../pkm/index.ts';

export interface Offer {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly summary: string;
}

/** `1.2`, or `1.2 (release 3)`. */
export const shownVersion = ({ version, release }: { version: string; release: number }): string =>
  release > 1 ? `${version} (release ${release})` : version;

/** Behind an answer that is empty: that no index was looked at, if so. */
export const unlessSynced = (root: Root): string =>
  root.repositories().length > 0 ? '' : `; no repository was synced, 'pkm sync' does that`;

/** Name, version, what is installed of it, summary; in columns. */
export function offerLines(offers: readonly Offer[], installed: readonly PackageRecord[]): string[] {
  const records = new Map(installed.map((record) => [record.name, record]));
  const rows = offers.map((offer) => {
    const record = records.get(offer.name);
    const isSame = record?.version === offer.version && record.release === offer.release;
    const state = record === undefined ? '' : isSame ? 'installed' : `installed: ${shownVersion(record)}`;
    return { title: `${offer.name} ${shownVersion(offer)}`, state, summary: offer.summary };
  });
  const width = Math.max(0, ...rows.map((row) => row.title.length)) + 2;
  const stateWidth = Math.max(0, ...rows.map((row) => row.state.length));
  return rows.map(({ title, state, summary }) =>
    `${title.padEnd(width)}${stateWidth === 0 ? '' : `${state.padEnd(stateWidth)}  `}${summary}`.trimEnd(),
  );
}
