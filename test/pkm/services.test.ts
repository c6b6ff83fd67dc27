/** Services as data: the symlinks that switch them on. What systemctl would make is compared where it is at hand. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { servicesOf, withServices } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const units = {
  'usr/lib/systemd/system/sshd.service':
    '[Unit]\nWantedBy=not-here.target\n[Install]\nWantedBy=multi-user.target\nAlias=ssh.service\nAlso=sshd.socket\n',
  'usr/lib/systemd/system/sshd.socket': '[Install]\nWantedBy=sockets.target\n',
  'usr/lib/systemd/system/getty@.service': '[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n',
  'usr/lib/systemd/system/need.timer': '[Install]\nRequiredBy=a.target b.target\nWantedBy=\n',
  'usr/lib/systemd/system/static.service': '[Service]\nExecStart=/bin/true\n',
  'etc/init.d/cron': { mode: 0o755, text: '#!/sbin/openrc-run\n' },
};

const linksOf = (box: Sandbox, services: Record<string, boolean>): string[] =>
  withServices(box.image('x 1', units), new Map(Object.entries(services))).entries.flatMap(({ path, kind, target }) =>
    kind === 'symlink' ? [`${path} -> ${target}`] : [],
  );

test('what [Install] says, for units, templates, sockets that come along, and OpenRC', (t) => {
  const box = new Sandbox(t);
  assert.deepEqual(linksOf(box, { sshd: true }), [
    'etc/systemd/system/multi-user.target.wants/sshd.service -> /usr/lib/systemd/system/sshd.service',
    'etc/systemd/system/sockets.target.wants/sshd.socket -> /usr/lib/systemd/system/sshd.socket',
    'etc/systemd/system/ssh.service -> /usr/lib/systemd/system/sshd.service',
  ]);
  assert.deepEqual(linksOf(box, { 'getty@.service': true, 'getty@tty7.service': true }), [
    'etc/systemd/system/getty.target.wants/getty@tty1.service -> /usr/lib/systemd/system/getty@.service',
    'etc/systemd/system/getty.target.wants/getty@tty7.service -> /usr/lib/systemd/system/getty@.service',
  ]);
  assert.deepEqual(linksOf(box, { 'need.timer': true, cron: true }), [
    'etc/runlevels/default/cron -> /etc/init.d/cron',
    'etc/systemd/system/a.target.requires/need.timer -> /usr/lib/systemd/system/need.timer',
    'etc/systemd/system/b.target.requires/need.timer -> /usr/lib/systemd/system/need.timer',
  ]);
  assert.deepEqual(linksOf(box, { sshd: false }), []);
  assert.ok(servicesOf(box.image('x 1', units)).has('cron'));
});

test('a unit is read in no time, however long it is', (t) => {
  const box = new Sandbox(t);
  const text = `[Install]\nAlias=${' '.repeat(60_000)}\u2028x.service\nWantedBy=a.target${' '.repeat(60_000)}b.target\n${'WantedBy=c.target\n'.repeat(100_000)}`;
  const image = box.image('x 1', { 'usr/lib/systemd/system/x.service': text });
  const started = process.cpuUsage();
  const links = withServices(image, new Map([['x', true]])).entries.filter(({ kind }) => kind === 'symlink');
  assert.ok(process.cpuUsage(started).user < 2e6);
  assert.equal(links.length, 3);
});

test('a link that a package brings is left out where the service is off', (t) => {
  const box = new Sandbox(t);
  const shipped = box.image('x 1', {
    'usr/lib/systemd/system/a.service': '[Install]\nWantedBy=multi-user.target\n',
    'etc/systemd/system/multi-user.target.wants/a.service': '-> /usr/lib/systemd/system/a.service',
  });
  const off = withServices(shipped, new Map([['a.service', false]]));
  assert.deepEqual(
    off.entries.filter((entry) => entry.kind === 'symlink'),
    [],
  );
});

test('messages', async (t) => {
  const box = new Sandbox(t);
  golden(t, 'errors/pkm-service.txt', await faultText(box, () => linksOf(box, { 'shd.service': true })));
  golden(t, 'errors/pkm-service-static.txt', await faultText(box, () => linksOf(box, { static: true })));
});

test('switched off by the user it stays off; rollback and removal take it along', async (t) => {
  const box = new Sandbox(t);
  const image = (n: number) => withServices(box.image(`x ${n}`, { ...units, 'usr/n': `${n}` }), new Map([['sshd', true]]));
  const link = 'etc/systemd/system/multi-user.target.wants/sshd.service';
  box.do((root) => root.install([image(1)]));
  assert.equal(box.read(link), '-> /usr/lib/systemd/system/sshd.service');
  unlinkSync(box.path(link));
  box.do((root) => root.install([image(2)]));
  assert.equal(box.read(link), undefined, 'it was removed by hand');
  assert.equal(box.read('etc/systemd/system/ssh.service'), '-> /usr/lib/systemd/system/sshd.service');
  await box.do((root) => root.rollback(0));
  assert.equal(box.read('etc/systemd/system/ssh.service'), undefined);
});

test('switched off by the user it stays off when its package goes and comes back, unless it went by force', (t) => {
  const box = new Sandbox(t);
  const image = (n: number) => withServices(box.image(`x ${n}`, { ...units, 'usr/n': `${n}` }), new Map([['sshd', true]]));
  const link = 'etc/systemd/system/multi-user.target.wants/sshd.service';
  const alias = 'etc/systemd/system/ssh.service';
  const on = '-> /usr/lib/systemd/system/sshd.service';
  box.do((root) => root.install([image(1)]));
  unlinkSync(box.path(link));
  for (const n of [2, 3]) {
    box.do((root) => root.remove(['x']));
    assert.deepEqual([box.read(link), box.read(alias)], [undefined, undefined]);
    assert.deepEqual(
      box.do((root) => root.config().filter(({ path }) => path === link)),
      [],
      'nothing is left of it',
    );
    box.do((root) => root.install([image(n)]));
    assert.deepEqual([box.read(link), box.read(alias)], [undefined, on], `version ${n}`);
  }
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
  box.do((root) => root.remove(['x'], { force: true }));
  box.do((root) => root.install([image(4)]));
  assert.equal(box.read(link), on);
});

test('what switches a service on goes with its package, and comes back with it; what you changed, and what leads elsewhere, stays', (t) => {
  const box = new Sandbox(t);
  const files = { ...units, 'etc/init.d/cron': { mode: 0o755, text: 'c' }, 'etc/x.conf': 'x', 'etc/latest': '-> x.conf' };
  const image = withServices(
    box.image('x 1', files),
    new Map([
      ['sshd', true],
      ['cron', true],
    ]),
  );
  const wants = 'etc/systemd/system/multi-user.target.wants/sshd.service';
  const alias = 'etc/systemd/system/ssh.service';
  const links = (): (string | undefined)[] =>
    [wants, alias, 'etc/runlevels/default/cron', 'etc/latest'].map((path) => box.read(path));
  const on = '-> /usr/lib/systemd/system/sshd.service';
  box.do((root) => root.install([image]));
  assert.deepEqual(links(), [on, on, '-> /etc/init.d/cron', '-> x.conf']);
  box.do((root) => root.remove(['x']));
  assert.deepEqual(
    links(),
    [undefined, undefined, '-> /etc/init.d/cron', '-> x.conf'],
    'the script is configuration, and is there',
  );
  box.do((root) => root.install([image]));
  assert.deepEqual(links(), [on, on, '-> /etc/init.d/cron', '-> x.conf']);
  unlinkSync(box.path(alias));
  symlinkSync('/dev/null', box.path(alias));
  box.do((root) => root.remove(['x']));
  assert.deepEqual(links().slice(0, 2), [undefined, '-> /dev/null']);
  assert.ok(box.do((root) => root.verify().isClean));
});

test('links that somebody made to a service are named when it goes', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('x 1', units), box.image('y 1', { 'usr/lib/systemd/system/y.service': '' })]));
  const wants = 'etc/systemd/system/multi-user.target.wants';
  mkdirSync(box.path(wants), { recursive: true });
  for (const name of ['sshd', 'y']) symlinkSync(`/usr/lib/systemd/system/${name}.service`, box.path(`${wants}/${name}.service`));
  symlinkSync('../../../usr/lib/systemd/system/sshd.service', box.path('etc/systemd/system/ssh.service'));
  const said = box.do((root) => root.remove(['x'])).warnings.map(({ path, package: by }) => `${path} ${by}`);
  assert.deepEqual(said.sort(), [
    'etc/systemd/system/multi-user.target.wants/sshd.service x',
    'etc/systemd/system/ssh.service x',
  ]);
  assert.equal(box.read(`${wants}/sshd.service`), '-> /usr/lib/systemd/system/sshd.service');
  // Where that cannot be looked at, packages go all the same.
  rmSync(box.path('etc/systemd'), { recursive: true });
  symlinkSync('/outside', box.path('etc/systemd'));
  assert.deepEqual(box.do((root) => root.remove(['y'])).warnings, []);
});

const hasSystemctl = spawnSync('systemctl', ['--version'], { stdio: 'ignore' }).status === 0;

test('the same links as systemctl makes', { skip: hasSystemctl ? false : 'no systemctl here' }, (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('x 1', units)]));
  mkdirSync(box.path('etc/systemd/system'), { recursive: true });
  const names = ['sshd.service', 'getty@tty3.service', 'need.timer'];
  for (const name of names) spawnSync('systemctl', ['--root', box.root, 'enable', name], { stdio: 'ignore' });
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(box.path(folder))) {
      const path = `${folder}/${name}`;
      const stat = lstatSync(box.path(path));
      if (stat.isDirectory()) walk(path);
      else if (stat.isSymbolicLink()) found.push(`${path} -> ${readlinkSync(box.path(path))}`);
    }
  };
  walk('etc/systemd');
  const ours = linksOf(box, Object.fromEntries(names.map((name) => [name, true])));
  assert.deepEqual(ours.sort(compareBytes), found.sort(compareBytes));
});
