/** What somebody writes to a root while pkm is at work there is not lost, and a link that somebody puts there is not followed. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TransactionReport } from '../../pkm/index.ts';
import { type RootIo, realIo } from '../../pkm/io.ts';
import { type FileSpec, Sandbox } from './support.ts';

const V1 = 'a = 1\nb = 1\nc = 1\n';
const V2 = 'a = 1\nb = 1\nc = 2\n';
const MINE = 'a = mine\nb = 1\nc = 1\n';
const BOTH = 'a = mine\nb = 1\nc = 2\n';

const version = (box: Sandbox, n: number, files: Record<string, FileSpec>) => box.image(`p ${n}`, { 'usr/v': `${n}`, ...files });
const install = (box: Sandbox, n: number, files: Record<string, FileSpec>, options: object = {}): TransactionReport =>
  box.do((root) => root.install([version(box, n, files)]), options);

/** Does something once, right before the first call of that name and path. */
function justBefore(name: keyof RootIo, isIt: (...args: unknown[]) => boolean, work: () => void): RootIo {
  let isDone = false;
  return new Proxy(realIo, {
    get(target, key, receiver) {
      const method = Reflect.get(target, key, receiver) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (key === name && !isDone && isIt(...args)) {
          isDone = true;
          work();
        }
        return method.apply(target, args);
      };
    },
  });
}

/** Somebody writes after the plan was made, and before any of it is done. */
const afterPlan = (work: () => void): RootIo => justBefore('commit', (name) => name === 'generation', work);

const asides = (report: TransactionReport): string[] => report.warnings.map(({ path, text }) => `${path}: ${text}`);

test('configuration that is written while the question waits goes into a new plan', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': V1 });
  const asked: string[] = [];
  const confirm = (plan: TransactionReport): boolean => {
    if (asked.length === 0) box.write('etc/p.conf', MINE);
    asked.push(plan.config.map(({ outcome }) => outcome).join());
    return true;
  };
  const report = box.do((root) => root.install([version(box, 2, { 'etc/p.conf': V2 })], { confirm }));
  assert.equal(box.read('etc/p.conf'), BOTH);
  assert.deepEqual(asked, ['replaced', 'merged']);
  assert.deepEqual(
    report.config.map(({ outcome }) => outcome),
    ['merged'],
  );
  assert.equal(box.do((root) => root.verify()).isClean, true);
});

test('a plan to which nothing happens is asked about once', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': V1 });
  let nAsked = 0;
  box.do((root) => root.install([version(box, 2, { 'etc/p.conf': V2 })], { confirm: () => ++nAsked > 0 }));
  assert.deepEqual([nAsked, box.read('etc/p.conf')], [1, V2]);
});

test('a file of somebody that appears while the question waits is not replaced', (t) => {
  const box = new Sandbox(t);
  const confirm = (): boolean => {
    box.write('usr/v', 'of somebody');
    return true;
  };
  assert.throws(() => box.do((root) => root.install([version(box, 1, {})], { confirm })), { code: 'E-PKM-005' });
  assert.equal(box.read('usr/v'), 'of somebody');
});

test('configuration that is written between plan and act is kept beside the new version', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': V1, 'etc/gone.conf': V1 });
  const io = afterPlan(() => {
    for (const name of ['p', 'gone', 'fresh']) box.write(`etc/${name}.conf`, `mine, ${name}\n`);
  });
  const report = install(box, 2, { 'etc/p.conf': V2, 'etc/fresh.conf': V2 }, { io });
  assert.deepEqual(
    ['p', 'gone', 'fresh'].map((name) => box.read(`etc/${name}.conf.pkmsave`)),
    ['mine, p\n', 'mine, gone\n', 'mine, fresh\n'],
  );
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/gone.conf'), box.read('etc/fresh.conf')], [V2, undefined, V2]);
  assert.deepEqual(
    new Set(asides(report)),
    new Set(
      ['fresh', 'gone', 'p'].map(
        (name) => `etc/${name}.conf: it was written while this went on; that version is now '/etc/${name}.conf.pkmsave'`,
      ),
    ),
  );
  const { problems, drift } = box.do((root) => root.verify());
  assert.deepEqual([problems, drift], [[], []]);
  assert.deepEqual(
    box.do((root) => root.config()).map(({ path, state }) => `${state} ${path}`),
    ['unmodified etc/fresh.conf', 'aside etc/fresh.conf.pkmsave', 'unmodified etc/p.conf', 'aside etc/p.conf.pkmsave'],
  );
});

test('a waiting version that is edited between plan and act is kept', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': 'one\n' });
  box.write('etc/p.conf', 'mine\n');
  install(box, 2, { 'etc/p.conf': 'two\n' });
  assert.equal(box.read('etc/p.conf.new'), 'two\n');
  const io = afterPlan(() => box.write('etc/p.conf.new', 'two, and mine\n'));
  install(box, 3, { 'etc/p.conf': 'three\n' }, { io });
  assert.deepEqual([box.read('etc/p.conf.new'), box.read('etc/p.conf.new.pkmsave')], ['three\n', 'two, and mine\n']);
});

test('configuration that is written after a crash is kept when the transaction is finished', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': V1, 'etc/gone.conf': V1, 'etc/same.conf': V1 });
  const die = (): never => {
    throw new Error('died');
  };
  const io = justBefore('rename', (_, to) => String(to).includes('/etc/'), die);
  assert.throws(() => install(box, 2, { 'etc/p.conf': V2, 'etc/same.conf': V2 }, { io }), { code: 'E-PKM-019' });
  box.write('etc/p.conf', 'mine, p\n');
  box.write('etc/gone.conf', 'mine, gone\n');
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
  assert.deepEqual(
    ['p.conf', 'same.conf', 'p.conf.pkmsave', 'gone.conf.pkmsave', 'same.conf.pkmsave'].map((name) => box.read(`etc/${name}`)),
    [V2, V2, 'mine, p\n', 'mine, gone\n', undefined],
  );
  assert.equal(box.do((root) => root.verify()).isClean, true);
});

test('a file that is written while its versions are edited is kept beside what was made of them', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': 'one\n' });
  box.write('etc/p.conf', 'mine\n');
  install(box, 2, { 'etc/p.conf': 'two\n' });
  box.do((root) => {
    const { mine } = root.configVersions('etc/p.conf');
    box.write('etc/p.conf', 'mine, later\n');
    const [settled] = root.settleConfig([{ path: 'etc/p.conf', take: 'bytes', bytes: Buffer.from('both\n'), mine }]);
    assert.equal(settled!.savedAs, 'etc/p.conf.pkmsave');
  });
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.pkmsave')], ['both\n', 'mine, later\n']);
});

test('a symlink that comes into the place of a file does not lead its mode to what it means', (t) => {
  const box = new Sandbox(t);
  const outside = join(box.base, 'outside');
  writeFileSync(outside, 'secret', { mode: 0o640 });
  chmodSync(outside, 0o640);
  install(box, 1, { 'var/lib/p/f': { mode: 0o644, text: 'x' } });
  const isIt = (path: unknown): boolean => String(path).endsWith('/f');
  const io = justBefore('setMetadata', isIt, () => {
    renameSync(box.path('var/lib/p/f'), box.path('var/lib/p/mine'));
    symlinkSync(outside, box.path('var/lib/p/f'));
  });
  install(box, 2, { 'var/lib/p/f': { mode: 0o666, text: 'x' } }, { io });
  assert.equal(lstatSync(outside).mode & 0o777, 0o640);
  assert.deepEqual(
    box.do((root) => root.verify()).problems.map(({ path, kind }) => `${kind} ${path}`),
    ['type var/lib/p/f'],
  );
});

const skip = process.geteuid?.() === 0 ? false : 'only root gives folders away';
const SERVICE = 900;

/** A root where `var/lib/p` belongs to a service, which knows of a folder with files of the same names. */
function serviceBox(t: TestContext): {
  box: Sandbox;
  outside: string;
  exchange: () => void;
} {
  const box = new Sandbox(t);
  const outside = join(box.base, 'outside');
  mkdirSync(outside);
  for (const name of ['f', 'old', 'mode']) writeFileSync(join(outside, name), 'of somebody else', { mode: 0o640 });
  install(box, 1, service('1'));
  chownSync(box.path('var/lib/p'), SERVICE, SERVICE);
  const exchange = (): void => {
    renameSync(box.path('var/lib/p/sub'), box.path('var/lib/p/moved'));
    symlinkSync(outside, box.path('var/lib/p/sub'));
  };
  return { box, outside, exchange };
}

const service = (n: string): Record<string, FileSpec> => ({
  'var/lib/p': { mode: 0o755 },
  'var/lib/p/sub': { mode: 0o755 },
  'var/lib/p/sub/f': `f ${n}`,
  'var/lib/p/sub/mode': { mode: n === '1' ? 0o644 : 0o600, text: 'mode' },
  ...(n === '1' ? { 'var/lib/p/sub/old': 'old' } : {}),
});

for (const name of ['rename', 'setMetadata', 'unlink'] as const) {
  test(`a folder that a service exchanges for a symlink right before '${name}' leads nowhere`, { skip }, (t) => {
    const { box, outside, exchange } = serviceBox(t);
    const isIt = (...paths: unknown[]): boolean => paths.some((path) => /\/(f|mode|old)$/.test(String(path)));
    try {
      install(box, 2, service('2'), { io: justBefore(name, isIt, exchange) });
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'E-PKM-007');
    }
    for (const file of ['f', 'old', 'mode']) {
      assert.equal(readFileSync(join(outside, file), 'utf8'), 'of somebody else');
      assert.equal(lstatSync(join(outside, file)).mode & 0o777, 0o640);
    }
  });
}

test('many files below the folder of a service are placed and removed, and new folders there made', { skip }, async (t) => {
  const { box } = serviceBox(t);
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`var/lib/p/sub/many/${n}`, `${n}`]));
  install(box, 2, { ...service('2'), ...many });
  assert.equal(box.do((root) => root.verify()).problems.length, 1, 'the owner of var/lib/p');
  const before = box.snapshot();
  install(box, 3, service('3'));
  assert.equal(box.read('var/lib/p/sub/many'), undefined);
  await box.do((root) => root.rollback(2));
  assert.deepEqual({ ...box.snapshot(), 'usr/v': '' }, { ...before, 'usr/v': '' });
});

test('a file gets setuid with the bytes of its package only', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'usr/tool': { mode: 0o755, text: 'tool' } });
  box.write('usr/tool', 'mine');
  const report = install(box, 2, { 'usr/tool': { mode: 0o4755, text: 'tool' } });
  assert.equal(box.read('usr/tool'), 'tool');
  assert.equal(lstatSync(box.path('usr/tool')).mode & 0o7777, 0o4755);
  assert.deepEqual(asides(report), ['usr/tool: it was modified; it is replaced all the same']);
});
