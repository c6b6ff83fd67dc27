/** Verify with the file loop says what verify row by row says, of roots with every kind of damage. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { compareBytes, Fault, SystemFault, writeFileCapability } from '../../base/index.ts';
import type { FileProblem, VerifyOptions, VerifyReport } from '../../pkm/index.ts';
import { openPrepared, physicalLayout } from '../../pkm/open-database.ts';
import { type StartLoop, verifyRoot } from '../../pkm/verify.ts';
import { PlacedLoop } from '../../store/index.ts';
import { type FileSpec, Sandbox } from './support.ts';

const hasLoop = ((): boolean => {
  const loop = PlacedLoop.start('/', false);
  loop?.close();
  return loop !== undefined;
})();
const needsLoop = { skip: hasLoop ? false : `no loop for ${process.platform} on ${process.arch}` };
const isRoot = process.geteuid?.() === 0;
const CAP_NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');

const WAYS: Readonly<Record<string, StartLoop>> = {
  'row by row': () => undefined,
  'one thread': (root, hasOwners) => PlacedLoop.start(root, hasOwners, 1),
  'four threads': (root, hasOwners) => PlacedLoop.start(root, hasOwners, 4),
};

function verified(box: Sandbox, start: StartLoop | undefined, options: VerifyOptions = {}): VerifyReport {
  const layout = physicalLayout(box.root);
  const database = openPrepared(layout, true);
  try {
    return verifyRoot(layout, database, options, start);
  } finally {
    database.close();
  }
}

/** The report, which is the same in each way. */
function reportOf(box: Sandbox, what: string, options: VerifyOptions = {}): VerifyReport {
  const reports = Object.entries(WAYS).map(([way, start]) => ({ way, report: verified(box, start, options) }));
  const first = reports[0]!.report;
  for (const { way, report } of reports) assert.deepEqual(report, first, `${what}, ${way}`);
  return first;
}

const brief = (problems: readonly FileProblem[]): string[] => problems.map(({ kind, path }) => `${kind} ${path}`);

/** So many rows that threads are worth their while. */
function filler(): Record<string, FileSpec> {
  const files: Record<string, FileSpec> = {};
  for (let n = 0; n < 400; n++) files[`usr/share/filler/${n % 7}/${n}`] = `${n}`;
  return files;
}

const FILES: Readonly<Record<string, FileSpec>> = {
  'usr/bin/a': { mode: 0o755, text: 'program' },
  'usr/bin/suid': { mode: 0o4755, text: 'privileged' },
  'usr/lib/liba.so': '-> liba.so.1',
  'usr/lib/liba.so.1': 'library',
  'usr/share/a/data': 'data',
  'usr/share/a/empty': '',
  'usr/share/a/secret': { mode: 0o600, text: 'secret' },
  'usr/share/a/large': 'y'.repeat(300_000),
  'usr/share/a/65536': 'z'.repeat(65_536),
  'usr/share/a/ünï ☃': 'text',
  'usr/share/a/x sha256:y': 'text',
  'usr/share/a/folder/one': '1',
  'usr/share/a/folder/two': '2',
  'usr/share/a/folder/deep/three': '3',
  'usr/share/a/private': { mode: 0o700 },
  'etc/a.conf': 'key = 1\n',
  'etc/a.d/b.conf': 'key = 2\n',
};

/** `/opt` and `/srv` are symlinks of the root: the package's `opt/x` is `data/opt/x`. */
function installed(t: ConstructorParameters<typeof Sandbox>[0]): Sandbox {
  const box = new Sandbox(t);
  mkdirSync(box.path('data/opt'), { recursive: true });
  mkdirSync(box.path('data/services'), { recursive: true });
  symlinkSync('data/opt', box.path('opt'));
  symlinkSync('/data/services', box.path('srv'));
  box.do((root) =>
    root.install([
      box.image('a 1', FILES),
      box.image('filler 1', filler()),
      box.image('merged 1', {
        'opt/modules/deep/m.ko': 'module',
        'opt/modules/n.ko': 'module',
        'opt/plain': 'plain',
        'srv/tool': { mode: 0o755, text: 'tool' },
        top: 'at the top',
      }),
    ]),
  );
  return box;
}

type Damage = (box: Sandbox) => void;
const write =
  (path: string, text: string): Damage =>
  (box) =>
    writeFileSync(box.path(path), text);
const swap =
  (path: string, put: (path: string) => void): Damage =>
  (box) => {
    rmSync(box.path(path), { recursive: true });
    put(box.path(path));
  };
const fifo = (path: string): void => void execFileSync('mkfifo', ['-m', '644', path]);

/** What is done, and what is said of it, drift apart. */
const DAMAGES: Readonly<Record<string, readonly [Damage, ...string[]]>> = {
  'a byte': [write('usr/share/a/data', 'date'), 'modified usr/share/a/data'],
  'a byte more': [write('usr/share/a/data', 'data!'), 'modified usr/share/a/data'],
  'a byte less': [write('usr/share/a/data', 'dat'), 'modified usr/share/a/data'],
  'nothing left': [write('usr/share/a/data', ''), 'modified usr/share/a/data'],
  'a byte where there was none': [write('usr/share/a/empty', '!'), 'modified usr/share/a/empty'],
  'the last byte of a large file': [
    (box) => {
      truncateSync(box.path('usr/share/a/large'), 299_999);
      writeFileSync(box.path('usr/share/a/large'), '!', { flag: 'a' });
    },
    'modified usr/share/a/large',
  ],
  'a byte behind the buffer': [
    (box) => writeFileSync(box.path('usr/share/a/65536'), '!', { flag: 'a' }),
    'modified usr/share/a/65536',
  ],
  'a name that is no ASCII': [write('usr/share/a/ünï ☃', 'tex!'), 'modified usr/share/a/ünï ☃'],
  'a name like a record': [write('usr/share/a/x sha256:y', 'tex!'), 'modified usr/share/a/x sha256:y'],
  'a file at the top': [write('top', 'at the to!'), 'modified top'],
  'a file behind a link of the root': [write('data/opt/modules/n.ko', 'modul!'), 'modified opt/modules/n.ko'],
  'a program behind an absolute link of the root': [write('data/services/tool', 'too!'), 'modified srv/tool'],
  'only a time': [(box) => utimesSync(box.path('usr/share/a/data'), 5, 5)],
  'a mode': [(box) => chmodSync(box.path('usr/share/a/data'), 0o666), 'mode usr/share/a/data'],
  'a bit for its owner': [(box) => chmodSync(box.path('usr/bin/a'), 0o4755), 'mode usr/bin/a'],
  'a bit that is gone': [(box) => chmodSync(box.path('usr/bin/suid'), 0o755), 'mode usr/bin/suid'],
  'a mode of a folder': [(box) => chmodSync(box.path('usr/share/a/private'), 0o711), 'mode usr/share/a/private'],
  'a missing file': [(box) => unlinkSync(box.path('usr/share/a/data')), 'missing usr/share/a/data'],
  'a missing folder': [
    (box) => rmSync(box.path('usr/share/a/folder'), { recursive: true }),
    'missing usr/share/a/folder',
    'missing usr/share/a/folder/deep',
    'missing usr/share/a/folder/deep/three',
    'missing usr/share/a/folder/one',
    'missing usr/share/a/folder/two',
  ],
  'another name': [(box) => renameSync(box.path('usr/share/a/data'), box.path('usr/share/a/Data')), 'missing usr/share/a/data'],
  'a link for a file': [swap('usr/share/a/data', (path) => symlinkSync('/dev/null', path)), 'type usr/share/a/data'],
  'a link to the same bytes': [
    (box) => {
      renameSync(box.path('usr/share/a/data'), box.path('usr/share/a/other'));
      symlinkSync('other', box.path('usr/share/a/data'));
    },
    'type usr/share/a/data',
  ],
  'a folder for a file': [swap('usr/share/a/data', (path) => mkdirSync(path)), 'type usr/share/a/data'],
  'a pipe for a file': [swap('usr/share/a/data', fifo), 'type usr/share/a/data'],
  'a file for a folder': [
    swap('usr/share/a/folder', (path) => writeFileSync(path, '', { mode: 0o755 })),
    'type usr/share/a/folder',
    'type usr/share/a/folder/deep',
    'type usr/share/a/folder/deep/three',
    'type usr/share/a/folder/one',
    'type usr/share/a/folder/two',
  ],
  'a link that leads elsewhere': [swap('usr/lib/liba.so', (path) => symlinkSync('elsewhere', path)), 'modified usr/lib/liba.so'],
  'a folder that is a link to where it was moved': [
    (box) => {
      renameSync(box.path('usr/share/a/folder'), box.path('usr/share/a/moved'));
      symlinkSync('moved', box.path('usr/share/a/folder'));
    },
    'type usr/share/a/folder',
  ],
  'a folder that is a link out of the root, to the same files': [
    (box) => {
      renameSync(box.path('usr/share/a/folder'), join(box.base, 'outside'));
      symlinkSync('../../../../outside', box.path('usr/share/a/folder'));
    },
    'type usr/share/a/folder',
    'type usr/share/a/folder/deep',
    'type usr/share/a/folder/deep/three',
    'type usr/share/a/folder/one',
    'type usr/share/a/folder/two',
  ],
  'a folder that is a link in a circle': [
    swap('usr/share/a/folder', (path) => symlinkSync('folder', path)),
    'type usr/share/a/folder',
    'type usr/share/a/folder/deep',
    'type usr/share/a/folder/deep/three',
    'type usr/share/a/folder/one',
    'type usr/share/a/folder/two',
  ],
  configuration: [
    (box) => {
      write('etc/a.conf', 'mine')(box);
      unlinkSync(box.path('etc/a.d/b.conf'));
    },
  ],
  'everything in a folder': [
    (box) => {
      for (const name of readdirSync(box.path('usr/share/filler/3'))) write(`usr/share/filler/3/${name}`, '!')(box);
    },
    ...Array.from({ length: 57 }, (_, n) => `modified usr/share/filler/3/${3 + 7 * n}`).sort(compareBytes),
  ],
  ...(isRoot
    ? {
        'an owner': [(box: Sandbox) => lchownSync(box.path('usr/share/a/data'), 7, 0), 'owner usr/share/a/data'] as const,
        'a group': [(box: Sandbox) => lchownSync(box.path('usr/share/a/data'), 0, 7), 'owner usr/share/a/data'] as const,
        'an owner of a folder': [
          (box: Sandbox) => lchownSync(box.path('usr/share/a/folder'), 7, 7),
          'owner usr/share/a/folder',
        ] as const,
      }
    : {}),
};

test('every kind of damage is reported alike, with threads and without', needsLoop, (t) => {
  const box = installed(t);
  assert.equal(reportOf(box, 'nothing').isClean, true);
  for (const [what, [damage, ...expected]] of Object.entries(DAMAGES)) {
    const damaged = installed(undefined);
    try {
      damage(damaged);
      assert.deepEqual(brief(reportOf(damaged, what).problems), expected, what);
    } finally {
      damaged.remove();
    }
  }
  // Several at once, whose order is that of the paths.
  const together = [
    'a byte',
    'a byte where there was none',
    'a byte behind the buffer',
    'a name that is no ASCII',
    'a name like a record',
    'a file at the top',
    'a file behind a link of the root',
    'a program behind an absolute link of the root',
    'a bit that is gone',
    'a mode of a folder',
    'a link that leads elsewhere',
    'a missing folder',
    'configuration',
  ];
  for (const what of together) DAMAGES[what]![0](box);
  const { problems, drift } = reportOf(box, 'all at once');
  const paths = problems.map(({ path }) => Buffer.from(path));
  assert.deepEqual(paths, paths.toSorted(Buffer.compare));
  assert.ok(paths.length > 10);
  assert.deepEqual(brief(drift), ['modified etc/a.conf', 'missing etc/a.d/b.conf']);
  assert.ok(reportOf(box, 'fast', { fast: true }).problems.length > 5);
  assert.deepEqual(brief(reportOf(box, 'one package', { packages: ['merged'] }).problems), [
    'modified opt/modules/n.ko',
    'modified srv/tool',
    'modified top',
  ]);
});

test('capabilities that nobody recorded are found, of what may be run', needsLoop, (t) => {
  if (!isRoot) return t.skip('not part of igos: only root gives capabilities');
  const box = installed(t);
  try {
    writeFileCapability(box.path('usr/bin/a'), CAP_NET_RAW);
  } catch (error) {
    if (!(error instanceof SystemFault) || !['ENOTSUP', 'EPERM'].includes(error.errno)) throw error;
    return t.skip('not part of igos: files cannot have capabilities here');
  }
  writeFileCapability(box.path('usr/share/a/data'), CAP_NET_RAW);
  assert.deepEqual(brief(reportOf(box, 'capabilities').problems), ['capability usr/bin/a']);
});

test('capabilities that are recorded, and gone', needsLoop, (t) => {
  if (!isRoot) return t.skip('not part of igos: only root gives capabilities');
  const box = installed(t);
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  const paths = "'usr/bin/a', 'usr/share/a/data'";
  database.exec(`UPDATE files SET capability = '${CAP_NET_RAW.toString('hex')}' WHERE path IN (${paths})`);
  database.close();
  assert.deepEqual(brief(reportOf(box, 'gone').problems), ['capability usr/bin/a', 'capability usr/share/a/data']);
});

test('manifests and the history are compared alike', needsLoop, (t) => {
  const box = installed(t);
  writeFileSync(box.path('var/lib/igos/packages/a-1'), 'nonsense');
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec("UPDATE settings SET value = 'x' WHERE key = 'history_head'");
  database.close();
  const { manifests, history } = reportOf(box, 'state');
  assert.deepEqual([manifests, history], [[{ name: 'a-1', kind: 'different' }], 'entries after 4 are missing']);
});

/** The report, or what is refused with E-PKM-021: the same in each way. */
function outcomeOf(box: Sandbox, what: string): 'reported' | 'refused' {
  const outcomes = Object.values(WAYS).map((start) => {
    try {
      return verified(box, start, {});
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'E-PKM-021', `${what}: ${String(error)}`);
      return error.message;
    }
  });
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0], what);
  return typeof outcomes[0] === 'string' ? 'refused' : 'reported';
}

test('rows that pkm never writes are looked at one by one, or refused', needsLoop, (t) => {
  const strange: Readonly<Record<string, string>> = {
    'a size that nobody knows': "size = -1 WHERE path = 'usr/share/a/data'",
    'a size that cannot be': "size = 2000000000000000 WHERE path = 'usr/share/a/data'",
    'no hash': "sha256 = NULL WHERE path = 'usr/share/a/data'",
    'an empty hash': "sha256 = '' WHERE path = 'usr/share/a/data'",
    'a short hash': "sha256 = substr(sha256, 2) WHERE path = 'usr/share/a/data'",
    'capital digits': "sha256 = upper(sha256) WHERE path = 'usr/share/a/data'",
    'a hash of no digits': "sha256 = replace(sha256, 'a', 'é') WHERE path = 'usr/share/a/data'",
    'a hash with a NUL': "sha256 = char(0) || substr(sha256, 2) WHERE path = 'usr/share/a/data'",
    'a mode with a kind': "mode = 33188 WHERE path = 'usr/share/a/data'",
    'a mode that is negative': "mode = -1 WHERE path = 'usr/share/a/data'",
    'a mode that is too large': "mode = mode + 4294967296 WHERE path = 'usr/share/a/data'",
    'a user that is too large': "uid = uid + 4294967296 WHERE path = 'usr/share/a/data'",
    'a group that is too large': "gid = gid + 4294967296 WHERE path = 'usr/share/a/data'",
    'an absolute path': "path = '/top' WHERE path = 'top'",
    'a path with an empty part': "path = 'usr//share/a/data' WHERE path = 'usr/share/a/data'",
    'a folder twice its length': "path = 'usr/' || hex(zeroblob(9000)) || '/x' WHERE path = 'usr/share/a/data'",
  };
  for (const [what, change] of Object.entries(strange)) {
    const box = installed(t);
    const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
    database.exec(`UPDATE files SET ${change}`);
    assert.equal(database.prepare('SELECT changes() AS n').get()?.['n'], 1, what);
    database.close();
    const isRefused = /a short hash|mode|user|group|absolute/.test(what);
    assert.equal(outcomeOf(box, what), isRefused ? 'refused' : 'reported', what);
    box.remove();
  }
});

test('nothing but files is opened', needsLoop, async (t) => {
  if (spawnSync('mkfifo', ['--version']).error !== undefined) return t.skip('no mkfifo here');
  const box = installed(t);
  const path = box.path('usr/share/a/data');
  swap('usr/share/a/data', fifo)(box);
  // Whoever writes to a pipe waits until somebody opens it for reading.
  const writer = spawn('sh', ['-c', 'echo opened > "$0"', path], { stdio: 'ignore' });
  const ended = new Promise<string>((resolve) => writer.once('exit', () => resolve('opened')));
  const waited = new Promise<string>((resolve) => setTimeout(() => resolve('not opened'), 300));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let n = 0; n < 20; n++) verified(box, WAYS['four threads']);
  assert.equal(await Promise.race([ended, waited]), 'not opened');
  writer.kill('SIGKILL');
});

test('threads are used where there is much to read, and nothing stays open', needsLoop, (t) => {
  const box = installed(t);
  let nStarted = 0;
  const start: StartLoop = (root, hasOwners) => {
    nStarted++;
    return PlacedLoop.start(root, hasOwners);
  };
  verified(box, start);
  assert.equal(nStarted, 1);
  verified(box, start, { fast: true });
  assert.equal(nStarted, 1);
  const before = readdirSync('/proc/self/fd').length;
  for (let n = 0; n < 3; n++) verified(box, start);
  assert.equal(readdirSync('/proc/self/fd').length, before);
  const small = new Sandbox(t);
  small.do((root) => root.install([small.image('a 1', FILES)]));
  verified(small, start);
  assert.equal(nStarted, 4);
});

test('progress tells of paths, and of bytes that were handed over', needsLoop, (t) => {
  const box = installed(t);
  const told: number[][] = [];
  const onProgress = (...numbers: number[]): void => void told.push(numbers);
  const report = verified(box, WAYS['one thread'], { onProgress });
  assert.deepEqual(told.at(-1), [report.nChecked, report.nChecked, report.nBytes]);
  assert.ok(told.length > 1 && told[0]![1] === report.nChecked);
});

test('an atomic root, whose tree is shown by symlinks', needsLoop, (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.initAtomic());
  box.do((root) => root.install([box.image('a 1', FILES), box.image('filler 1', filler())]));
  assert.equal(reportOf(box, 'whole').isClean, true);
  chmodSync(box.path('usr/share/filler/2'), 0o755);
  chmodSync(box.path('usr/share/filler/2/9'), 0o644);
  writeFileSync(box.path('usr/share/filler/2/9'), '!');
  assert.deepEqual(brief(reportOf(box, 'a byte').problems).slice(0, 1), ['modified usr/share/filler/2/9']);
  unlinkSync(box.path('usr'));
  symlinkSync('nowhere', box.path('usr'));
  assert.deepEqual(brief(reportOf(box, 'a link that was changed').problems), ['modified usr']);
});
