/** What is mounted in a sandbox, and the system calls that do it: some 30 µs a mount. */
import { readFileSync } from 'node:fs';
import { textToBytes } from '../base/index.ts';
import type { CallList, Word } from './launch/call-list.ts';

export interface Mount {
  /** `bind`: writable. `bind-ro`: read-only, without devices and setuid. */
  readonly kind: 'bind' | 'bind-ro' | 'tmpfs' | 'proc' | 'devpts' | 'overlay';
  readonly source: string;
  /** Real path on the host's side. */
  readonly target: string;
  /** For an overlay: its options. */
  readonly options?: string;
}

/** @source linux/mount.h */
const FLAGS = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  recursive: 16_384,
  private: 1 << 18,
  relatime: 1 << 21,
} as const;

/** Nothing that is mounted from here on is seen outside. */
export function keepMountsPrivate(list: CallList): void {
  const root = list.text('/');
  list.call('mount', [list.text('none'), root, 0, FLAGS.recursive | FLAGS.private], { purpose: 'keep the mounts apart' });
}

/** Adds the calls that make the mounts, in order. */
export function addMounts(list: CallList, mounts: readonly Mount[]): void {
  for (const mount of mounts) addMount(list, mount);
}

function addMount(list: CallList, mount: Mount): void {
  const source = list.text(textToBytes(mount.source));
  const target = list.text(textToBytes(mount.target));
  for (const { type, flags, options } of callsOf(mount)) {
    const words: Word[] = [source, target, list.text(type), flags];
    list.call('mount', options === undefined ? words : [...words, list.text(textToBytes(options))], {
      purpose: `mount ${mount.target}`,
    });
  }
}

interface MountCall {
  readonly type: string;
  readonly flags: number;
  readonly options?: string;
}

function callsOf(mount: Mount): MountCall[] {
  const { bind, remount, ro, nosuid, nodev, noexec } = FLAGS;
  switch (mount.kind) {
    case 'bind':
      return [{ type: 'none', flags: bind }];
    case 'bind-ro':
      // A bind takes its flags in a second call only.
      return [bind, remount | bind | ro | nosuid | nodev | lockedFlags(mount.source)].map((flags) => ({ type: 'none', flags }));
    case 'tmpfs':
      return [{ type: 'tmpfs', flags: nosuid | nodev, options: 'mode=1777' }];
    case 'proc':
      return [{ type: 'proc', flags: nosuid | nodev | noexec }];
    case 'devpts':
      return [{ type: 'devpts', flags: nosuid | noexec, options: 'newinstance,ptmxmode=0666,mode=620' }];
    case 'overlay':
      return [{ type: 'overlay', flags: 0, options: mount.options ?? '' }];
  }
}

let mountTable: { readonly place: string; readonly flags: number }[] | undefined;

/**
 * Flags of the mount that holds a path and that a user namespace must not take away when it binds it again; without them the kernel
 * refuses to make the bind read-only.
 */
function lockedFlags(path: string): number {
  mountTable ??= readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, , , , place, options] = line.split(' ');
      if (place === undefined || options === undefined) return [];
      const known = options.split(',').filter((flag) => ['noexec', 'noatime', 'nodiratime', 'relatime'].includes(flag));
      return [
        {
          place: place.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
          flags: known.reduce((sum, flag) => sum | FLAGS[flag as keyof typeof FLAGS], 0),
        },
      ];
    })
    // The longest place that holds the path counts, and of equals the one mounted last.
    .reverse()
    .sort((a, b) => b.place.length - a.place.length);
  return mountTable.find(({ place }) => path === place || path.startsWith(place === '/' ? '/' : `${place}/`))?.flags ?? 0;
}
