/** What a system says of how it starts. */
import { didYouMean } from '../../base/index.ts';
import type { PackageInfo } from './package-info.ts';
import { entries, type Reading, readLine, readPackage, readPackages, readWord, wrong } from './read-field.ts';

/** The parts of a kernel image that firmware starts by itself. */
export interface DeclaredBoot {
  readonly kernel: PackageInfo;
  /** Has the program that firmware starts, and that starts the kernel. */
  readonly stub: PackageInfo;
  /** What is in the first root, with what that needs to run; none if empty. */
  readonly initrd: readonly PackageInfo[];
  readonly commandLine: string;
  readonly root: RootKind;
  /** Where the partition that firmware starts from is mounted in the running system: then the kernel image changes with the packages. */
  readonly esp: typeof ESP | undefined;
}

/** What the root of a system is on a disk: `squashfs` is read only and checked by its hash, `ext4` is written to. */
export type RootKind = (typeof ROOTS)[number];

const ROOTS = ['squashfs', 'ext4'] as const;

/** By the UAPI Group's Boot Loader Specification, where there is no boot loader with a partition of its own. */
const ESP = '/efi';

const PARTS = ['kernel', 'stub', 'initrd', 'commandLine', 'root', 'esp'] as const;

/** The Linux kernel takes no more. */
const COMMAND_LINE_BYTES = 2047;

export function readBoot(reading: Reading): DeclaredBoot {
  const parts = new Map<string, Reading>();
  for (const [name, entry, key] of entries(reading)) {
    if (!PARTS.some((part) => part === name))
      throw wrong(key, `has '${name}'`, { hint: didYouMean(name, PARTS)[0] ?? `there are: ${PARTS.join(', ')}` });
    parts.set(name, entry);
  }
  const needed = (name: 'kernel' | 'stub'): PackageInfo => {
    const part = parts.get(name);
    if (part === undefined) throw wrong(reading, `has no '${name}'`);
    return readPackage(part).info;
  };
  const [initrd, commandLine] = [parts.get('initrd'), parts.get('commandLine')];
  const text = commandLine === undefined ? '' : readLine(commandLine);
  if (text.length > COMMAND_LINE_BYTES) throw wrong(commandLine!, `is longer than ${COMMAND_LINE_BYTES} bytes`);
  const root = parts.has('root') ? readWord(parts.get('root')!, ROOTS) : 'squashfs';
  const esp = parts.has('esp') ? readWord(parts.get('esp')!, [ESP]) : undefined;
  if (esp !== undefined) checkEsp(parts.get('esp')!, commandLine, { text, root });
  return {
    kernel: needed('kernel'),
    stub: needed('stub'),
    initrd: initrd === undefined ? [] : readPackages(initrd).map(({ info }) => info),
    commandLine: text,
    root,
    esp,
  };
}

/** What is renewed on a machine has to find the root that is there. */
function checkEsp(esp: Reading, line: Reading | undefined, { text, root }: { text: string; root: RootKind }): void {
  if (root !== 'ext4')
    throw wrong(esp, 'is for a root that is written to', { hint: 'write root = "ext4", or leave esp out: images are made anew' });
  if (/(?:^|\s)root=(?!\S*@)/.test(text)) return;
  throw wrong(line ?? esp, 'does not name a root of its own, and kernel images that come later have to find it', {
    hint: `write commandLine = "root=PARTUUID=GUID rw", with a GUID of yours: 'uuidgen' makes one`,
  });
}
