/** What a declared system says of a package holds when its next version comes from elsewhere: a repository, an archive, a tree. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { systemPackage, withServices } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const unit = (more = ''): string => `[Unit]\nDescription=${more}\n[Install]\nWantedBy=multi-user.target\n`;
const WANTS = 'etc/systemd/system/multi-user.target.wants';

test('a service that a system switched on, or off, stays so', async (t) => {
  const box = new Sandbox(t);
  const image = (version: string, services: Record<string, boolean>, more = {}) => {
    const files = {
      'usr/lib/systemd/system/sshd.service': unit(version),
      'usr/lib/systemd/system/noisy.service': unit(version),
      'usr/lib/systemd/system/getty@.service': '[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n',
      'etc/init.d/cron': { mode: 0o755, text: version },
      ...more,
    };
    return withServices(box.image(`x ${version}`, files), new Map(Object.entries(services)));
  };
  const own = { 'noisy.service': true, 'getty@.service': true };
  const declared = { ...own, 'noisy.service': false, 'sshd.service': true, 'getty@tty7.service': true, cron: true };
  const state = (): boolean[] =>
    [
      `${WANTS}/sshd.service`,
      `${WANTS}/noisy.service`,
      'etc/systemd/system/getty.target.wants/getty@tty1.service',
      'etc/systemd/system/getty.target.wants/getty@tty7.service',
      'etc/runlevels/default/cron',
    ].map((path) => box.read(path) !== undefined);
  const explicit = ['x'];
  box.do((root) => root.switchTo([image('1', declared)], { explicit }));
  assert.deepEqual(state(), [true, false, true, true, true]);
  assert.equal(box.do((root) => root.install([image('1', own)], { explicit })).isChanged, false);
  const report = box.do((root) => root.install([image('2', own)], { explicit }));
  assert.deepEqual(
    report.config.filter(({ outcome }) => outcome === 'removed'),
    [],
  );
  assert.deepEqual(state(), [true, false, true, true, true]);
  assert.ok(box.do((root) => root.verify().isClean));
  // What the unit says of itself is the next version's; one that is new is as the package says; one that cannot be on is not.
  const moved = {
    'usr/lib/systemd/system/sshd.service': '[Install]\nWantedBy=other.target\n',
    'usr/lib/systemd/system/new.service': unit(),
    'usr/lib/systemd/system/getty@.service': '[Service]\n',
  };
  box.do((root) => root.install([image('3', { 'noisy.service': true, 'new.service': true }, moved)], { explicit }));
  assert.deepEqual(state(), [false, false, false, false, true]);
  assert.equal(box.read('etc/systemd/system/other.target.wants/sshd.service'), '-> /usr/lib/systemd/system/sshd.service');
  assert.equal(box.read(`${WANTS}/new.service`), '-> /usr/lib/systemd/system/new.service');
  await box.do((root) => root.rollback(2));
  assert.deepEqual(state(), [true, false, true, true, true]);
  box.do((root) => root.switchTo([image('2', own)], { explicit }));
  assert.deepEqual(state(), [false, true, true, false, false], 'a system that says nothing of them leaves them to the package');
  box.do((root) => root.remove(['x']));
  box.do((root) => root.install([image('1', own)], { explicit }));
  assert.deepEqual(state(), [false, true, true, false, false]);
});

test('a file that a system declares stays its own, whatever packages bring to its path', (t) => {
  const box = new Sandbox(t);
  const greet = (n: number) => box.image(`greet ${n}`, { 'usr/bin/greet': `${n}`, 'etc/greet.conf': `version ${n}\n` });
  const system = (about = systemPackage('tour')) => {
    const { name, ...more } = about;
    return box.image(`${name} 0123456789ab`, { 'etc/greet.conf': 'declared\n' }, more);
  };
  const bare = { ...greet(1), entries: greet(1).entries.filter(({ path }) => path !== 'etc/greet.conf') };
  box.do((root) => root.switchTo([bare, system()]));
  box.do((root) => root.install([greet(2)], { explicit: ['greet'] }));
  box.do((root) => root.install([box.image('other 1', { 'etc/greet.conf': 'other\n' })], { explicit: ['other'] }));
  assert.deepEqual([box.read('etc/greet.conf'), box.read('usr/bin/greet')], ['declared\n', '2']);
  assert.ok(box.do((root) => root.verify().isClean));
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
  // One that is only called so is a package like others.
  const plain = new Sandbox(t);
  plain.do((root) => root.install([system({ name: 'system-config', summary: 'Configures' })]));
  assert.throws(() => plain.do((root) => root.install([greet(1)])), { code: 'E-PKM-004' });
});

test('of a service that stays off nothing comes, not even folders', (t) => {
  const box = new Sandbox(t);
  const files = { 'usr/lib/systemd/system/noisy.service': unit() };
  const image = (isOn: boolean) => withServices(box.image('x 1', files), new Map([['noisy', isOn]]));
  box.do((root) => root.switchTo([image(false)]));
  assert.equal(box.do((root) => root.install([image(true)])).isChanged, false);
  assert.equal(existsSync(box.path('etc/systemd')), false);
});
