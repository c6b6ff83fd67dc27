/** A system as pkm deploys it, in a folder that is there for a while: what images are made of. */
import { type BigIntStats, chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, bytesToText, removeDefaultAcl, removedAtEnd, sys, temporaryFolder, textToBytes } from '../../base/index.ts';
import type { ImageEntry } from '../../image/index.ts';
import { openRoot, type TransactionReport } from '../../pkm/index.ts';
import { type ObjectStore, parseStorePath } from '../../store/index.ts';
import type { SystemImages } from '../system-images.ts';

export interface SystemRoot extends Disposable {
  /** Every path, the root's own included. */
  readonly entries: readonly ImageEntry[];
  readonly report: TransactionReport;
  /** In the order of installation. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** Who made it, for the history of its root: no user of this machine. */
const USER = 'igos';
const STATE: Bytes = 'var/lib/igos';
/** What pkm keeps there only while it runs, or makes again. */
const PASSING = /^(lock(\.db.*)?|reserve(\.part)?|staging|pkm\.db-(wal|shm|journal))$/;

/**
 * Installs a system into an empty root. Owners, modes and capabilities are those that the packages have, whoever runs this: what the folder
 * could not be given is taken from pkm's database.
 *
 * @param seconds  since 1970: when that was, as its history says
 */
export function makeSystemRoot(
  store: ObjectStore,
  system: SystemImages,
  declared: Iterable<string>,
  seconds: number,
): SystemRoot {
  using made = new DisposableStack();
  const folder = temporaryFolder('igos-image');
  made.use(removedAtEnd(folder));
  using _ = plainModes(folder);
  const root = join(folder, 'root');
  mkdirSync(root, { mode: 0o755 });
  const opened = openRoot(root, {
    user: USER,
    command: 'igos image',
    now: () => seconds,
    owners: 'declared',
    storeFolder: (path) => store.toReal(parseStorePath(path, store.storeDir)),
  });
  const { report, special } = ((): { report: TransactionReport; special: ReturnType<typeof opened.notPlain> } => {
    using installing = opened;
    const report = installing.switchTo(system.images, { explicit: system.explicit, declared });
    installing.compact();
    return { report, special: installing.notPlain() };
  })();
  const entries = [...entriesBelow(root, special)];
  const kept = made.move();
  const packages = system.images.map(({ name, version }) => ({ name, version }));
  return { entries, report, packages, [Symbol.dispose]: () => kept.dispose() };
}

/** What pkm makes there for itself has the same modes whatever mask, group bit or access list this user or `TMPDIR` hands on. */
function plainModes(folder: string): Disposable {
  chmodSync(folder, 0o700);
  removeDefaultAcl(folder);
  const mask = process.umask(0o022);
  return { [Symbol.dispose]: () => void process.umask(mask) };
}

type Special = ReadonlyMap<string, { readonly uid: number; readonly gid: number; readonly capability?: string }>;

function* entriesBelow(root: string, special: Special): Generator<ImageEntry> {
  const waiting: Bytes[] = [''];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const place = path === '' ? root : Buffer.from(`${textToBytes(root)}/${path}`, 'latin1');
    const shown = `/${bytesToText(path)}`;
    const stat = sys('read', shown, () => lstatSync(place, { bigint: true }));
    const row = special.get(bytesToText(path));
    const common = { path, mode: Number(stat.mode & 0o7777n), uid: row?.uid ?? 0, gid: row?.gid ?? 0 };
    if (stat.isDirectory()) {
      openUp(place, common.mode, 0o700);
      yield { ...common, kind: 'directory' };
      const folder = path;
      const names = sys('list', shown, () => readdirSync(place, { encoding: 'latin1' }));
      const kept = folder === STATE ? names.filter((name) => !PASSING.test(name)) : names;
      for (const name of kept) waiting.push(folder === '' ? name : `${folder}/${name}`);
    } else if (stat.isSymbolicLink()) {
      yield {
        ...common,
        mode: 0o777,
        kind: 'symlink',
        target: sys('read', shown, () => readlinkSync(place, { encoding: 'latin1' })),
      };
    } else if (stat.isFile()) {
      openUp(place, common.mode, 0o400);
      const attributes = row?.capability === undefined ? {} : { attributes: capability(row.capability) };
      const file = { file: join(root, bytesToText(path)), sizeBytes: Number(stat.size) };
      yield { ...common, ...attributes, ...linkOf(stat), kind: 'file', content: file };
    }
  }
}

/** What is closed to its own owner is read and removed by nobody but root. Its mode is known by now. */
function openUp(place: string | Buffer, mode: number, needed: number): void {
  if ((mode & needed) !== needed && process.geteuid?.() !== 0) chmodSync(place, mode | needed);
}

const capability = (hex: string): ReadonlyMap<Bytes, Uint8Array> => new Map([['security.capability', Buffer.from(hex, 'hex')]]);

const linkOf = ({ nlink, dev, ino }: BigIntStats): { link?: string } => (nlink > 1n ? { link: `${dev}:${ino}` } : {});
