/** File capabilities: in archives, on the disk, in every generation; checked against setcap and getcap, and GNU tar. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Fault, renderFault } from '../../base/index.ts';
import { decodeCapability, describeCapability, encodeCapability } from '../../pkm/archive/capability.ts';
import { type PackageImage, writeArchive } from '../../pkm/index.ts';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { Sandbox } from './support.ts';

/** cap_net_raw, permitted and effective. */
const RAW = '0100000200200000000000000000000000000000';
/** cap_net_bind_service, permitted. */
const BIND = '0000000200040000000000000000000000000000';

test('the attribute in words', () => {
  assert.equal(describeCapability(RAW), 'cap_net_raw=ep');
  assert.equal(describeCapability(BIND), 'cap_net_bind_service=p');
  assert.equal(describeCapability('0100000200200000002000000000000000000000'), 'cap_net_raw=eip');
  assert.equal(describeCapability('0100000200000000000000000001000000000000'), 'cap_checkpoint_restore=ep');
  assert.equal(describeCapability('0100000200000000000000000000000000000000'), 'none');
  assert.equal(describeCapability(''), 'none');
  assert.equal(decodeCapability(Buffer.from(RAW, 'hex')), RAW);
  for (const bad of ['', '01', `${RAW}00000000`, `03${RAW.slice(2)}`, RAW.replace('02', '03')])
    assert.equal(decodeCapability(Buffer.from(bad, 'hex')), undefined, bad);
});

test('property: words become the attribute, and words again', (t) => {
  for (const hex of [RAW, BIND, '0100000200200000002000000000000000000000', '0100000200000000000000000001000000000000'])
    assert.equal(encodeCapability(describeCapability(hex)), hex);
  assert.equal(describeCapability(encodeCapability('cap_net_raw,cap_chown+ip')), 'cap_chown,cap_net_raw=ip');
  assert.equal(encodeCapability('cap_audit_control=p').length, 40);
  const texts = ['net_raw=ep', 'cap_net_raw=x'].map((text) => {
    try {
      return encodeCapability(text);
    } catch (error) {
      return renderFault(error as Fault);
    }
  });
  golden(t, 'errors/pkm-capabilities.txt', texts.join(''));
});

const skip = reasonToSkip();

function reasonToSkip(): string | false {
  if (process.geteuid?.() !== 0) return 'not part of igos: only root gives capabilities';
  if (spawnSync('getcap', ['-h']).error !== undefined) return 'not part of igos: no getcap here';
  const box = new Sandbox(undefined);
  writeFileSync(join(box.base, 'x'), 'x');
  const result = spawnSync('setcap', ['cap_net_raw=ep', join(box.base, 'x')]);
  box.remove();
  return result.status === 0 ? false : 'not part of igos: files cannot have capabilities here';
}

const getcap = (path: string): string => spawnSync('getcap', [path], { encoding: 'utf8' }).stdout.trim().replace(`${path} `, '');

const image = (box: Sandbox, version: string, capability: string | undefined, mode = 0o755): PackageImage => {
  const made = box.image(`ping ${version}`, {
    'usr/bin/ping': { mode, text: 'ping' },
    'usr/bin/other': { mode: 0o755, text: version },
  });
  const entries = made.entries.map((entry) =>
    entry.path === 'usr/bin/ping' && capability !== undefined ? { ...entry, capability } : entry,
  );
  return { ...made, entries };
};

test('from an archive to the disk and back, through upgrades and rollbacks', { skip }, async (t) => {
  const box = new Sandbox(t);
  const folder = join(box.base, 'archives');
  mkdirSync(folder);
  const archive = async (one: PackageImage): Promise<string> => {
    const file = join(folder, `ping-${one.version}.igos.tar.gz`);
    await writeArchive(one, file);
    return file;
  };
  const ping = box.path('usr/bin/ping');
  const install = (file: string) =>
    box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  const first = await archive(image(box, '1', RAW));
  await install(first);
  assert.equal(getcap(ping), 'cap_net_raw=ep');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  await install(await archive(image(box, '2', BIND)));
  assert.equal(getcap(ping), 'cap_net_bind_service=p');
  const { stdout } = await runHere('pkm', ['diff', '1', '2', '--root', box.root, '--home', join(box.base, 'home')]);
  assert.match(stdout, /^~ \/usr\/bin\/ping$/m, 'only what it may do differs');
  await install(await archive(image(box, '3', BIND, 0o750)));
  assert.equal(getcap(ping), 'cap_net_bind_service=p', 'though its mode changed');
  await install(await archive(image(box, '4', undefined)));
  assert.equal(getcap(ping), '');
  for (const [generation, expected] of Object.entries({ 1: 'cap_net_raw=ep', 4: '', 3: 'cap_net_bind_service=p' })) {
    await box.do((root) => root.rollback(Number(generation)));
    assert.equal(getcap(ping), expected);
    assert.equal(
      box.do((root) => root.verify().isClean),
      true,
    );
  }

  const out = mkdtempSync(join(box.base, 'out-'));
  const tar = spawnSync('tar', ['--xattrs', '--xattrs-include=security.capability', '-xpzf', first, '-C', out]);
  if (tar.status === 0) assert.equal(getcap(join(out, 'usr/bin/ping')), 'cap_net_raw=ep', 'GNU tar reads ours');
  rmSync(join(out, '.PKGINFO'));
  writeFileSync(join(out, '.PKGINFO'), 'pkgname = ping\npkgver = 5\nprivileged = usr/bin/ping\n');
  const made = join(folder, 'gnu.igos.tar.gz');
  const words = ['--xattrs', '--xattrs-include=security.capability', '--format=pax', '-czf', made, '-C', out, '.'];
  if (spawnSync('tar', words).status === 0) {
    await install(made);
    assert.equal(getcap(ping), 'cap_net_raw=ep', 'and we what GNU tar writes');
  }
});

test('verify sees capabilities that came or went, and repair brings back what there was', { skip }, async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([image(box, '1', RAW)]));
  assert.equal(getcap(box.path('usr/bin/ping')), 'cap_net_raw=ep', 'store packages too');
  spawnSync('setcap', ['-r', box.path('usr/bin/ping')]);
  spawnSync('setcap', ['cap_setuid=ep', box.path('usr/bin/other')]);
  assert.deepEqual(
    box.do((root) => root.verify().problems.map(({ path, kind, expected, actual }) => [path, kind, expected, actual])),
    [
      ['usr/bin/other', 'capability', 'none', 'cap_setuid=ep'],
      ['usr/bin/ping', 'capability', 'cap_net_raw=ep', 'none'],
    ],
  );
  await box.do((root) => root.repair());
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  spawnSync('chmod', ['0700', box.path('usr/bin/ping')]);
  await box.do((root) => root.repair());
  assert.equal(getcap(box.path('usr/bin/ping')), 'cap_net_raw=ep');
});

test('in the atomic layout too', { skip }, async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.initAtomic());
  box.do((root) => root.install([image(box, '1', RAW)]));
  box.do((root) => root.install([image(box, '2', RAW)]));
  assert.equal(getcap(box.path('usr/bin/ping')), 'cap_net_raw=ep');
  await box.do((root) => root.rollback(1));
  assert.equal(getcap(box.path('usr/bin/ping')), 'cap_net_raw=ep');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});
