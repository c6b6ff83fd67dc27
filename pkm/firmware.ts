/**
 * What firmware starts from: the EFI system partition, which is mounted at `efi`. A kernel image there is a file of its package like any
 * other, but it stands on a FAT file system, which keeps neither owners nor modes, and whole times only of even seconds; and where the
 * partition is not mounted, or the image goes, nobody would notice before the machine starts again.
 */
import { lstatSync } from 'node:fs';
import { Fault, shellWord } from '../base/index.ts';
import { type Disk, tolerantLstat } from './disk.ts';
import { type RootLayout, under } from './layout.ts';
import { printable } from './names.ts';
import { NO_FILES } from './state/plain-files.ts';
import type { StateDelta, StateView } from './state/state.ts';

const PARTITION = 'efi';
/** The folder that every such partition has. */
const TOP = `${PARTITION}/EFI`;
/** What firmware looks for where nobody told it another name. */
const STARTED = /^efi\/EFI\/BOOT\/BOOT[0-9A-Z]+\.EFI$/i;

export const isOfFirmware = (path: string): boolean => path === PARTITION || path.startsWith(`${PARTITION}/`);

/** Whether its files would be written below the folder where it is to be mounted. */
export function isPartitionAbsent(layout: RootLayout, disk: Disk): boolean {
  if (disk.entry(TOP) !== undefined) return false;
  const folder = tolerantLstat(under(layout, PARTITION));
  return folder === undefined || folder.dev === lstatSync(layout.root).dev;
}

/** @throws Fault E-PKM-045 it is not mounted · E-PKM-046 what is started goes */
export function checkFirmware(layout: RootLayout, base: StateView, delta: StateDelta, disk: Disk): void {
  const puts = delta.putFiles.filter(isFile).map(({ path }) => path);
  const drops = [...delta.dropFiles.filter(isFile).map(({ path }) => path), ...(delta.dropPlain ?? NO_FILES).paths];
  const dropped = drops.filter(isOfFirmware);
  const there = [...dropped, ...puts.filter(isOfFirmware).filter((path) => base.rowsAt(path).some(isFile))];
  if (there.length > 0 && isPartitionAbsent(layout, disk)) throw absentFault(layout, there[0]!);
  const stays = new Set(puts);
  const gone = dropped.find((path) => STARTED.test(path) && !stays.has(path) && disk.entry(path) !== undefined);
  if (gone !== undefined) throw goneFault(layout, gone);
}

const isFile = ({ kind }: { readonly kind: string }): boolean => kind === 'file';

function absentFault(layout: RootLayout, path: string): Fault {
  const folder = under(layout, PARTITION);
  return new Fault('E-PKM-045', `the EFI partition is not mounted at '${folder}', and '/${printable(path)}' on it would change`, {
    notes: ['the machine would start the old kernel image without the modules that belong to it; nothing was changed'],
    hints: [
      `mount it, and run the command again: mount PARTITION ${shellWord(folder)}`,
      `or, where such files are to stand in the root itself: mkdir -p ${shellWord(`${folder}/EFI`)}`,
    ],
  });
}

const goneFault = (layout: RootLayout, path: string): Fault =>
  new Fault('E-PKM-046', `'/${printable(path)}' goes, which firmware starts, and nothing takes its place`, {
    notes: ['nothing was changed'],
    hints: [
      'switch to a system whose boot has esp = "/efi"',
      `or, where something else starts this machine, remove it first: rm ${shellWord(under(layout, path))}`,
    ],
  });
