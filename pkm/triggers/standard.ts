import type { Trigger } from '../types.ts';

/** A trigger that needs no package to declare it. */
export interface StandardTrigger extends Trigger {
  /** Of interest only where this program is on the root. */
  readonly program: string;
  /** Of interest only where the root is the running system. */
  readonly isLiveOnly?: true;
}

const shell = (text: string): readonly string[] => ['sh', '-ec', text];

/**
 * What nearly every system wants to be told of, and what archives of InterGenOS count on without declaring it. One that a package
 * declares under the same name takes its place. They get the paths on standard input.
 */
export const standardTriggers: readonly StandardTrigger[] = [
  {
    name: 'ldconfig',
    program: 'ldconfig',
    paths: ['usr/lib/*.so*', 'usr/lib64/*.so*', 'lib/*.so*', 'etc/ld.so.conf', 'etc/ld.so.conf.d/*'],
    run: ['ldconfig'],
    isFatal: false,
  },
  {
    name: 'depmod',
    program: 'depmod',
    paths: ['usr/lib/modules/*/**', 'lib/modules/*/**'],
    run: shell(
      'sed -n \'s|^.*lib/modules/\\([^/]*\\)/.*|\\1|p\' | sort -u | while read -r version; do depmod -a "$version"; done',
    ),
    isFatal: false,
  },
  {
    name: 'glib-schemas',
    program: 'glib-compile-schemas',
    paths: ['usr/share/glib-2.0/schemas/*.xml', 'usr/share/glib-2.0/schemas/*.override'],
    run: ['glib-compile-schemas', 'usr/share/glib-2.0/schemas'],
    isFatal: false,
  },
  {
    name: 'icon-cache',
    program: 'gtk-update-icon-cache',
    paths: ['usr/share/icons/*/**'],
    run: shell(
      'cut -d/ -f1-4 | sort -u | while read -r theme; do [ ! -d "$theme" ] || gtk-update-icon-cache -q -t -f "$theme"; done',
    ),
    isFatal: false,
  },
  { name: 'font-cache', program: 'fc-cache', paths: ['usr/share/fonts/**'], run: ['fc-cache', '-f'], isFatal: false },
  {
    name: 'desktop-database',
    program: 'update-desktop-database',
    paths: ['usr/share/applications/**/*.desktop'],
    run: ['update-desktop-database', '-q', 'usr/share/applications'],
    isFatal: false,
  },
  {
    name: 'mime-database',
    program: 'update-mime-database',
    paths: ['usr/share/mime/**/*.xml'],
    run: ['update-mime-database', 'usr/share/mime'],
    isFatal: false,
  },
  {
    name: 'ca-trust',
    program: 'update-ca-trust',
    paths: ['etc/ca-certificates/**', 'usr/share/ca-certificates/**'],
    run: ['update-ca-trust'],
    isFatal: false,
  },
  {
    name: 'systemd-reload',
    program: 'systemctl',
    paths: ['usr/lib/systemd/system/*', 'etc/systemd/system/**'],
    run: shell('[ ! -d /run/systemd/system ] || systemctl daemon-reload'),
    isFatal: false,
    isLiveOnly: true,
  },
];
