/** Triggers: which are set off, that they run once, in the root, after the switch; what a crash leaves, and what a failure does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { imageFromArchive, type RunInRoot, realIo, type Trigger, writeArchive } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const trigger = (name: string, paths: string[], more: Partial<Trigger> = {}): Trigger => ({
  name,
  paths,
  run: [name],
  isFatal: false,
  ...more,
});

/** Notes what is run; `fail` names those that do not work. */
function recorder(...fail: string[]) {
  const runs: string[] = [];
  const runInRoot: RunInRoot = (_root, { argv, input }) => {
    runs.push(`${argv[0]}: ${input.trim().split('\n').join(' ')}`);
    return fail.includes(argv[0]!) ? { status: 'failed', detail: 'exit status 3: it said no' } : { status: 'ok', detail: '' };
  };
  return { runs, runInRoot };
}

const mime = (version: string, more: Partial<Trigger> = {}, box: Sandbox) =>
  box.image(
    `mime ${version}`,
    { 'usr/bin/mime': version, 'usr/share/mime/base.xml': 'base' },
    { triggers: [trigger('mime', ['usr/share/mime/**/*.xml'], more)] },
  );

test('each once a transaction, with the paths of all packages; on upgrade, removal and rollback too', async (t) => {
  const box = new Sandbox(t);
  const { runs, runInRoot } = recorder();
  const take = (): string[] => runs.splice(0);
  const report = box.do(
    (root) =>
      root.install([
        mime('1', {}, box),
        box.image('a 1', { 'usr/share/mime/packages/a.xml': 'a', 'usr/a': 'a' }),
        box.image('b 1', { 'usr/share/mime/b.xml': 'b' }),
      ]),
    { runInRoot },
  );
  assert.deepEqual(take(), ['mime: usr/share/mime/b.xml usr/share/mime/base.xml usr/share/mime/packages/a.xml']);
  assert.deepEqual(report.triggers, [{ package: 'mime', name: 'mime', isFatal: false, status: 'ok', detail: '' }]);
  box.do((root) => root.install([box.image('c 1', { 'usr/c': 'c' })]), { runInRoot });
  assert.deepEqual(take(), [], 'nothing of interest changed');
  box.do((root) => root.install([box.image('a 2', { 'usr/share/mime/packages/a.xml': 'a', 'usr/a': 'a2' })]), { runInRoot });
  assert.deepEqual(take(), [], 'the file is the same');
  box.do((root) => root.remove(['b']), { runInRoot });
  assert.deepEqual(take(), ['mime: usr/share/mime/b.xml']);
  await box.do((root) => root.rollback(1), { runInRoot });
  assert.deepEqual(take(), ['mime: usr/share/mime/b.xml']);
  const plan = box.do((root) => root.remove(['b'], { dryRun: true }), { runInRoot });
  assert.deepEqual([take(), plan.triggers.map((one) => one.status)], [[], ['planned']]);
  box.do((root) => root.remove(['mime']), { runInRoot });
  assert.deepEqual(take(), [], 'its package is gone');
});

test('a trigger that comes late is told of what was there', (t) => {
  const box = new Sandbox(t);
  const { runs, runInRoot } = recorder();
  box.do((root) => root.install([box.image('a 1', { 'usr/share/mime/a.xml': 'a' })]), { runInRoot });
  box.do((root) => root.install([mime('1', {}, box)]), { runInRoot });
  assert.deepEqual(runs, ['mime: usr/share/mime/a.xml usr/share/mime/base.xml']);
});

test('standard triggers run where their program is on the root, and give way to declared ones of their name', (t) => {
  const box = new Sandbox(t);
  const { runs, runInRoot } = recorder();
  const lib = (n: number) => box.image(`lib ${n}`, { 'usr/lib/libx.so.1': `${n}` });
  box.do((root) => root.install([lib(1)]), { runInRoot });
  assert.deepEqual(runs.splice(0), []);
  box.do((root) => root.install([box.image('glibc 1', { 'usr/sbin/ldconfig': 'l' }), lib(2)]), { runInRoot });
  assert.deepEqual(runs.splice(0), ['ldconfig: usr/lib/libx.so.1']);
  box.do((root) => root.remove(['glibc']), { runInRoot });
  box.do((root) => root.install([lib(1)]), { runInRoot });
  assert.deepEqual(runs.splice(0), [], 'its program went');
  const own = trigger('ldconfig', ['usr/lib/*.so.*'], { run: ['my-ldconfig'] });
  box.do((root) => root.install([box.image('mine 1', { 'usr/mine': 'm' }, { triggers: [own] }), lib(3)]), { runInRoot });
  assert.deepEqual(runs, ['my-ldconfig: usr/lib/libx.so.1']);
});

test('a failure is reported and recorded, and the generation stands; a fatal one is an error too', async (t) => {
  const box = new Sandbox(t);
  const { runInRoot } = recorder('mime');
  const report = box.do((root) => root.install([mime('1', {}, box)]), { runInRoot });
  assert.deepEqual(
    report.warnings.map(({ kind, text }) => [kind, text]),
    [['trigger', "trigger 'mime' failed: exit status 3: it said no"]],
  );
  golden(
    t,
    'errors/pkm-trigger.txt',
    await faultText(box, () => box.do((root) => root.install([mime('2', { isFatal: true }, box)]), { runInRoot })),
  );
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
  const details = box.do((root) => root.history({ packages: ['mime'] })).filter((entry) => entry.operation === 'trigger');
  assert.deepEqual(
    details.map((entry) => (JSON.parse(entry.detail) as { status: string }).status),
    ['failed', 'failed'],
  );
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
});

test('what a crash kept from running runs with the next command', (t) => {
  const box = new Sandbox(t);
  class Died extends Error {}
  const dying: RunInRoot = () => {
    throw new Died();
  };
  assert.throws(() => box.do((root) => root.install([mime('1', {}, box)]), { runInRoot: dying }), Died);
  const { runs, runInRoot } = recorder();
  box.do(() => {}, { runInRoot });
  box.do(() => {}, { runInRoot });
  assert.deepEqual(runs, ['mime: usr/share/mime/base.xml']);
  const atJournal = {
    ...realIo,
    rename: (from: string, to: string) => (to.endsWith('b.xml') ? fail() : realIo.rename(from, to)),
  };
  const fail = (): never => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const b = box.image('b 1', { 'usr/share/mime/b.xml': 'b' });
  assert.throws(() => box.do((root) => root.install([b]), { io: atJournal, runInRoot: dying }), { code: 'E-PKM-019' });
  box.do(() => {}, { runInRoot });
  assert.deepEqual(runs.slice(1), ['mime: usr/share/mime/b.xml']);
});

test('archives carry triggers; what is no trigger is left out', async (t) => {
  const box = new Sandbox(t);
  const text = 'while read -r path; do\n  echo "$path  twice"\ndone';
  const triggers = [trigger('mime', ['usr/**'], { run: ['sh', '-ec', text] }), trigger('x', ['etc/*'], { isFatal: true })];
  const file = join(box.base, 'a.igos.tar.gz');
  await writeArchive(box.image('a 1', { 'usr/a': 'a' }, { triggers }), file);
  const image = await imageFromArchive(file, { folder: join(box.base, 'x'), io: realIo, mtimeSeconds: 1 });
  assert.deepEqual(image.triggers, triggers);
});

/** The shell of this machine and what it loads, below a root. */
function shellRoot(t: TestContext): Sandbox | string {
  const { stdout, status } = spawnSync('ldd', ['/bin/sh'], { encoding: 'utf8' });
  if (status !== 0) return 'no ldd here';
  const box = new Sandbox(t);
  for (const path of ['/bin/sh', '/bin/cat', ...stdout.matchAll(/(\/\S+) \(/g)].map((one) =>
    typeof one === 'string' ? one : one[1]!,
  )) {
    mkdirSync(dirname(box.path(path)), { recursive: true });
    copyFileSync(path, box.path(path));
    chmodSync(box.path(path), 0o755);
  }
  return box;
}

test('programs run inside the root, and see nothing else', (t) => {
  const box = shellRoot(t);
  if (typeof box === 'string') return void t.skip(box);
  const run = [
    'sh',
    '-ec',
    'read -r first; echo "$first $IGOS_OPERATION ${HOME} ${SECRET-none}" >/seen; [ ! -e "$0" ]',
    box.root,
  ];
  process.env['SECRET'] = 'secret';
  t.after(() => delete process.env['SECRET']);
  const report = box.do((root) =>
    root.install([box.image('a 1', { 'usr/a': 'a' }, { triggers: [trigger('look', ['usr/a'], { run })] })]),
  );
  const [outcome] = report.triggers;
  if (outcome!.status === 'skipped') return void t.skip(outcome!.detail);
  assert.deepEqual(outcome, { package: 'a', name: 'look', isFatal: false, status: 'ok', detail: '' });
  assert.equal(readFileSync(box.path('seen'), 'utf8'), 'usr/a install / none\n');
  const failing = [
    trigger('gone', ['usr/b'], { run: ['no-such-program'] }),
    trigger('wrong', ['usr/b'], { run: ['sh', '-c', 'echo because; exit 7'] }),
  ];
  const second = box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b' }, { triggers: failing })]));
  assert.deepEqual(
    second.triggers.map(({ status, detail }) => [status, detail.split('\n')[0]]),
    [
      [
        'failed',
        "'no-such-program' is not on the root: chroot: failed to run command ‘no-such-program’: No such file or directory",
      ],
      ['failed', 'exit status 7: because'],
    ],
  );
  assert.ok(!existsSync('/seen'));
});

test('root without namespaces of mounts leaves no mount behind', (t) => {
  if (process.geteuid?.() !== 0) return void t.skip('needs root');
  const box = shellRoot(t);
  if (typeof box === 'string') return void t.skip(box);
  for (const folder of ['dev', 'proc', 'sys']) mkdirSync(box.path(folder), { recursive: true });
  const programs = box.path('programs');
  mkdirSync(programs);
  for (const name of ['chroot', 'mount']) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (found === '') return void t.skip(`${name} is missing`);
    symlinkSync(found, join(programs, name));
  }
  const module = join(import.meta.dirname, '../../pkm/triggers/run-in-root.ts');
  const script = `
    const { runInRoot } = await import(${JSON.stringify(module)});
    const { readFileSync } = await import('node:fs');
    const root = ${JSON.stringify(box.root)};
    const program = { argv: ['sh', '-c', 'echo ran >/seen'], input: '', environment: {} };
    const found = runInRoot(root, program);
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').filter((line) => line.includes(root));
    console.log(JSON.stringify([found.status, mounts]));`;
  // In a namespace of the test's own, so that a fault stays there.
  const words = ['--mount', '--propagation', 'private', 'env', `PATH=${programs}`, process.execPath];
  const run = spawnSync('unshare', [...words, '--input-type=module', '-e', script], { encoding: 'utf8' });
  if (run.status !== 0 && /unshare/.test(run.stderr)) return void t.skip(`no mount namespaces: ${run.stderr.trim()}`);
  assert.equal(run.stderr, '');
  assert.deepEqual(JSON.parse(run.stdout), ['ok', []]);
  assert.equal(readFileSync(box.path('seen'), 'utf8'), 'ran\n');
});
