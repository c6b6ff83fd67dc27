/** How a root is opened: for questions, for plans that change nothing, or for changes, behind its lock. */
import { statSync } from 'node:fs';
import { sys } from '../base/index.ts';
import { hasFileLoop, startFileLanes } from '../store/index.ts';
import { type RootIo, realIo } from './io.ts';
import type { RootLayout } from './layout.ts';
import { lockRoot } from './lock.ts';
import { clock, hasDatabase, openForPlans, openForReading, openForWriting, physicalLayout } from './open-database.ts';
import type { OpenOptions } from './requests.ts';
import { type RoomMade, setReserveAside, withRoom } from './reserve.ts';
import { Root } from './root.ts';

/** Opens a root. For changes: takes the lock, and finishes what was interrupted. @throws Fault E-PKM-020 · E-PKM-021 · E-PKM-027 */
export function openRoot(root: string, options: OpenOptions = {}): Root {
  const layout = physicalLayout(root);
  if (options.manyFiles === true && isLarge(layout) && !hasFileLoop()) startFileLanes();
  if (options.readOnly === true) return new Root(layout, openForReading(layout), options);
  if (options.plansIn !== undefined) return new Root(layout, openForPlans(layout, options.now ?? clock), options);
  const io = options.io ?? realIo;
  sys('create the folder', layout.state, () => io.makeOwnFolder(layout.state));
  const unlock = lockRoot(layout, io, {
    command: options.command ?? 'pkm',
    waitMs: options.waitMs ?? 0,
    ...(options.onWait === undefined ? {} : { onWait: options.onWait }),
  });
  try {
    hasDatabase(layout);
    const opened = openLocked(layout, io, options, unlock);
    if (options.makesRoom !== true) setReserveAside(layout, io);
    return opened;
  } catch (error) {
    unlock();
    throw error;
  }
}

function openLocked(layout: RootLayout, io: RootIo, options: OpenOptions, unlock: () => void): Root {
  const made: RoomMade = { hasReserve: false, cache: { nFiles: 0, sizeBytes: 0 } };
  const open = (): Root => {
    const database = openForWriting(layout, options.now ?? clock, options.owners);
    try {
      const opened = new Root(layout, database, options, unlock, made);
      opened.recover();
      return opened;
    } catch (error) {
      database.close();
      throw error;
    }
  };
  return options.makesRoom === true ? withRoom(layout, io, made, open) : open();
}

/** Some 4,000 paths. */
const LARGE_BYTES = 2 << 20;

const isLarge = (layout: RootLayout): boolean => (statSync(layout.database, { throwIfNoEntry: false })?.size ?? 0) >= LARGE_BYTES;
