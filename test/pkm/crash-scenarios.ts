/** What is interrupted in the crash tests: each scenario brings a root from generation N to N+1 by every kind of operation. */
import { chmodSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RootIo, realIo, writeArchive } from '../../pkm/index.ts';
import type { Sandbox } from './support.ts';

export interface Scenario {
  readonly name: string;
  setUp(box: Sandbox): void | Promise<void>;
  act(box: Sandbox, io: RootIo): void | Promise<void>;
}

const CONF = 'a = 1\nb = 1\nc = 1\nd = 1\n';

const installBase = (box: Sandbox): void => {
  box.do((root) =>
    root.install([
      box.image('old 1', {
        'usr/bin/tool': { mode: 0o755, text: 'old tool' },
        'usr/share/old/a': 'a',
        'usr/share/old/deep/b': 'b',
        'usr/lib/liba.so': '-> liba.so.1',
        'usr/kind': 'a file',
        'usr/tree/x': 'x',
        'usr/tree/y/z': 'z',
        'etc/merged.conf': CONF,
        'etc/clash.conf': CONF,
        'etc/plain.conf': CONF,
        'etc/deleted.conf': CONF,
      }),
      box.image('util 1', { 'usr/bin/mount': 'm1', 'usr/bin/cal': 'c1', 'usr/bin/leftover': 'l1' }),
    ]),
  );
  box.write('etc/merged.conf', CONF.replace('a = 1', 'a = mine'));
  box.write('etc/clash.conf', CONF.replace('d = 1', 'd = mine'));
  unlinkSync(box.path('etc/deleted.conf'));
};

const upgraded = (box: Sandbox) => {
  const conf = CONF.replace('d = 1', 'd = 2');
  return [
    box.image('old 2', {
      'usr/bin/tool': { mode: 0o750, text: 'new tool' },
      'usr/share/new/a': 'a',
      'usr/lib/liba.so': '-> liba.so.2',
      'usr/kind/below': 'now a directory',
      'usr/tree': '-> share/new',
      'etc/merged.conf': conf,
      'etc/clash.conf': conf,
      'etc/plain.conf': conf,
      'etc/deleted.conf': conf,
    }),
    box.image('util-core 2', { 'usr/bin/mount': 'm2' }, { supersedes: ['util'] }),
    box.image('util-extra 2', { 'usr/bin/cal': 'c2', 'usr/share/new/extra': 'e' }, { supersedes: ['util'] }),
  ];
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'install',
    setUp: (box) => box.write('usr/share/mine', 'mine'),
    act: (box, io) => {
      box.do(
        (root) =>
          root.install([box.image('a 1', { 'usr/bin/a': { mode: 0o755, text: 'a' }, 'usr/lib/l': '-> m', 'etc/a': 'a\n' })]),
        { io },
      );
    },
  },
  {
    name: 'upgrade with supersede',
    setUp: installBase,
    act: (box, io) => {
      box.do((root) => root.install(upgraded(box)), { io });
    },
  },
  {
    name: 'remove',
    setUp: (box) => {
      installBase(box);
      writeFileSync(box.path('usr/share/old/mine'), 'mine');
    },
    act: (box, io) => {
      box.do((root) => root.remove(['old', 'util'], { force: true }), { io });
    },
  },
  {
    // So much that threads remove files, folders and manifests.
    name: 'remove much',
    setUp: (box) => {
      const images = Array.from({ length: 52 }, (_, n) => box.image(`p${n} 1`, { [`opt/${n}/a`]: 'a', [`etc/p/${n}`]: 'c' }));
      box.do((root) => root.install([...images, box.image('stays 1', { 'opt/stays': 's' })]));
      utimesSync(box.path('opt/7/a'), 1.5, 1.5); // looked at more closely
      writeFileSync(box.path('opt/9/mine'), 'mine');
    },
    act: (box, io) => {
      box.do(
        (root) =>
          root.remove(
            Array.from({ length: 52 }, (_, n) => `p${n}`),
            { force: true },
          ),
        { io },
      );
    },
  },
  {
    // So much that threads write and place files, of an archive that replaces some and of a new one.
    name: 'install much',
    setUp: async (box) => {
      const many = (name: string, from: number): Record<string, string> =>
        Object.fromEntries(
          Array.from({ length: 60 }, (_, n) => [`usr/share/${name}/${n % 4}/${from + n}`, `${name} ${from} ${n}`.repeat(300)]),
        );
      const archive = async (about: string, files: Record<string, string>): Promise<void> => {
        await writeArchive(box.image(about, files), join(box.base, `${about.replace(' ', '-')}.igos.tar.gz`));
      };
      await archive('much 1', { ...many('much', 0), 'etc/much.conf': 'a = 1\n' });
      await archive('much 2', { ...many('much', 30), 'etc/much.conf': 'a = 2\n' });
      await archive('other 1', many('other', 0));
      await box.do(async (root) => {
        root.install([await root.readArchive(join(box.base, 'much-1.igos.tar.gz'))], { archiveTrust: 'loose' });
      });
    },
    act: async (box, io) => {
      const files = ['much-2', 'other-1'].map((name) => join(box.base, `${name}.igos.tar.gz`));
      await box.do(async (root) => root.install(await root.readArchives(files), { archiveTrust: 'loose' }), { io });
    },
  },
  {
    name: 'rollback',
    setUp: (box) => {
      installBase(box);
      box.do((root) => root.install(upgraded(box)));
      box.write('etc/plain.conf', CONF.replace('a = 1', 'a = mine').replace('d = 1', 'd = 2'));
    },
    act: async (box, io) => {
      await box.do((root) => root.rollback(1), { io });
    },
  },
  {
    name: 'rollback of one package',
    setUp: (box) => {
      installBase(box);
      box.do((root) => root.install(upgraded(box)));
      box.write('etc/plain.conf', CONF.replace('a = 1', 'a = mine').replace('d = 1', 'd = 2'));
    },
    act: async (box, io) => {
      await box.do((root) => root.rollbackPackages(['old'], { generation: 1 }), { io });
    },
  },
  {
    name: 'archive',
    setUp: async (box) => {
      installBase(box);
      const image = box.image('arc 1', {
        'usr/bin/arc': { mode: 0o755, text: 'arc' },
        'etc/arc.conf': 'arc\n',
        'usr/lib/l': '-> m',
      });
      await writeArchive(image, join(box.base, 'arc.igos.tar.gz'));
    },
    act: async (box, io) => {
      const file = join(box.base, 'arc.igos.tar.gz');
      await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }), { io });
    },
  },
  {
    name: 'repair',
    setUp: (box) => {
      installBase(box);
      writeFileSync(box.path('usr/bin/tool'), 'broken');
      unlinkSync(box.path('usr/tree/x'));
      unlinkSync(box.path('usr/lib/liba.so'));
      symlinkSync('evil', box.path('usr/lib/liba.so'));
      chmodSync(box.path('usr/share/old'), 0o700);
    },
    act: async (box, io) => {
      await box.do((root) => root.repair(), { io });
    },
  },
  {
    name: 'atomic: upgrade with supersede',
    setUp: (box) => {
      box.do((root) => root.initAtomic());
      installBase(box);
    },
    act: (box, io) => {
      box.do((root) => root.install(upgraded(box)), { io });
    },
  },
  {
    name: 'atomic: remove',
    setUp: (box) => {
      box.do((root) => root.initAtomic());
      installBase(box);
    },
    act: (box, io) => {
      box.do((root) => root.remove(['old', 'util'], { force: true }), { io });
    },
  },
  {
    name: 'atomic: rollback',
    setUp: (box) => {
      box.do((root) => root.initAtomic());
      installBase(box);
      box.do((root) => root.install(upgraded(box)));
      box.write('etc/plain.conf', CONF.replace('a = 1', 'a = mine').replace('d = 1', 'd = 2'));
    },
    act: async (box, io) => {
      await box.do((root) => root.rollback(1), { io });
    },
  },
];

/** Calls `before(n, name)` before the n-th write, counting from 0. */
export function watchIo(before: (step: number, name: string) => void): RootIo {
  let step = 0;
  return new Proxy(realIo, {
    get(target, name, receiver) {
      const method = Reflect.get(target, name, receiver) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        before(step++, String(name));
        return method.apply(target, args);
      };
    },
  });
}
