/** What is mounted in a sandbox, as the text of an fstab: one run of `mount -a` makes them all, some 30 µs each. */
import { readFileSync } from 'node:fs';

export interface Mount {
  /** `bind`: writable. `bind-ro`: read-only, without devices and setuid. */
  readonly kind: 'bind' | 'bind-ro' | 'tmpfs' | 'proc' | 'devpts' | 'overlay';
  readonly source: string;
  /** Real path on the host's side. */
  readonly target: string;
  /** For an overlay: its options. */
  readonly options?: string;
}

/** One line a mount, in order. */
export function encodeFstab(mounts: readonly Mount[]): string {
  const lines = mounts.map((mount) => {
    const [type, options] = typeAndOptions(mount);
    return `${[mount.source, mount.target, type, options].map(escapeField).join(' ')} 0 0\n`;
  });
  return lines.join('');
}

function typeAndOptions(mount: Mount): [type: string, options: string] {
  switch (mount.kind) {
    case 'bind':
      return ['none', 'bind'];
    case 'bind-ro':
      return ['none', ['bind', 'ro', 'nosuid', 'nodev', ...lockedFlags(mount.source)].join(',')];
    case 'tmpfs':
      return ['tmpfs', 'nosuid,nodev,mode=1777'];
    case 'proc':
      return ['proc', 'nosuid,nodev,noexec'];
    case 'devpts':
      return ['devpts', 'nosuid,noexec,newinstance,ptmxmode=0666,mode=620'];
    case 'overlay':
      return ['overlay', mount.options ?? ''];
  }
}

const escapeField = (text: string): string =>
  text.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

let mountTable: { readonly place: string; readonly flags: readonly string[] }[] | undefined;

/**
 * Flags of the mount that holds a path and that a user namespace must not take away when it binds it again; without them the kernel
 * refuses to make the bind read-only.
 */
function lockedFlags(path: string): readonly string[] {
  mountTable ??= readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, , , , place, options] = line.split(' ');
      if (place === undefined || options === undefined) return [];
      const flags = options.split(',').filter((flag) => ['noexec', 'noatime', 'nodiratime', 'relatime'].includes(flag));
      return [
        { place: place.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))), flags },
      ];
    })
    // The longest place that holds the path counts, and of equals the one mounted last.
    .reverse()
    .sort((a, b) => b.place.length - a.place.length);
  return mountTable.find(({ place }) => path === place || path.startsWith(place === '/' ? '/' : `${place}/`))?.flags ?? [];
}
