import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Fault, renderFault } from '../../base/index.ts';
import { BuildFailure, cannotRun, overLimit } from '../../builder/build-failure.ts';
import { noLauncher, pathTooLong, setUpFailed, stopped } from '../../builder/build-fault.ts';
import { checkMade } from '../../builder/collect.ts';
import { PackageIndex } from '../../builder/debian/package-index.ts';
import { resolveSeed } from '../../builder/debian/resolve.ts';
import { buildInput } from '../../builder/environment.ts';
import { type BuildCode, buildCodes, lockSeed, readLog, realize } from '../../builder/index.ts';
import { gatherInputs } from '../../builder/inputs.ts';
import { checkLayers, orderLayers, parseLayers } from '../../builder/layers.ts';
import { checkOutputs } from '../../builder/output-checks.ts';
import { explainSandbox } from '../../builder/probe.ts';
import type { Realised } from '../../builder/realised.ts';
import { graphsFor } from '../../builder/reference-graphs.ts';
import { runningLogPath } from '../../builder/running-log.ts';
import {
  type Derivation,
  fixedOutput,
  type ManifestEntry,
  type ObjectStore,
  type PreparedOutputs,
  type StorePath,
  storePathBase,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { debOf, listOf, stanzaOf, writeMirror } from './debian-archive.ts';
import { addDerivation, storeDir, temporaryFolder, temporaryStore } from './support.ts';

const covered = new Set<BuildCode>();

async function faultOf(run: () => unknown): Promise<Fault> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return assert.fail('nothing was thrown');
}

async function check(
  t: TestContext,
  code: BuildCode,
  name: string,
  run: () => unknown,
  hide: readonly string[] = [],
): Promise<void> {
  const fault = await faultOf(run);
  assert.equal(fault.code, code);
  covered.add(code);
  const text = hide.reduce((shown, part) => shown.replaceAll(part, ''), renderFault(fault));
  golden(t, `errors/build-${name}.txt`, text);
}

const drvPath = `${storeDir}/${'a'.repeat(32)}-hello-2.10.drv` as StorePath;
const place = `${storeDir}/${'b'.repeat(32)}-hello-2.10` as StorePath;
const drv: Derivation = {
  ...{ name: 'hello-2.10', inputSrcs: [place], system: 'x86_64-linux', builder: '/bin/sh', args: [], inputDrvs: new Map() },
  outputs: new Map([['out', { kind: 'floating', method: 'nar', algorithm: 'sha256' }]]),
  env: new Map([['igosRoot', '{"layers":[]}']]),
};
const failed = (status: number, lines: string[], phase?: string, keptAt?: string) => () => {
  throw new BuildFailure(drvPath, { status, log: { lastLines: lines, phase, path: '/log' }, keptAt });
};

const addText = (store: ObjectStore, name: string, text: string, references: StorePath[]): StorePath =>
  store.addTexts([{ name, text, references }])[0]!;

const throwing = (fault: Fault) => () => {
  throw fault;
};

test('failures of builders', async (t) => {
  const compiler = [
    'checking for gcc... no',
    'hello.c:3:10: fatal error: zlib.h: No such file or directory',
    'make: *** [Makefile:7: hello.o] Error 1',
  ];
  await check(t, 'E-BUILD-001', 'failed-header', failed(2, compiler, 'build'));
  await check(t, 'E-BUILD-001', 'failed-tool', failed(127, ['/bin/sh: 4: bison: not found'], 'build', '/tmp/failed-hello'));
  await check(t, 'E-BUILD-001', 'failed-tests', failed(2, ['FAIL: t/dns'], 'check'));
  await check(t, 'E-BUILD-001', 'failed-killed', failed(137, []));
  await check(t, 'E-BUILD-018', 'builder-missing', throwing(cannotRun(drv, '/usr/bin/bash', 'No such file or directory')));
  await check(t, 'E-BUILD-019', 'path-too-long', throwing(pathTooLong(`/home/tmp/out/usr/${'deep/'.repeat(900)}down`)));
  await check(t, 'E-BUILD-015', 'stopped', throwing(stopped()));
  await check(
    t,
    'E-BUILD-004',
    'set-up-failed',
    throwing(setUpFailed('hello-2.10', { purpose: 'mount /dev/pts', message: 'permission denied' })),
  );
});

test('limits', async (t) => {
  const limits = { timeoutMs: 7_200_000, maxSilentMs: 90_000, maxLogBytes: 1_572_864, maxMemoryBytes: 2 * 2 ** 30 };
  const log = { lastLines: ['checking for a reason…'], phase: 'build' };
  const over = (limit: 'time' | 'silence' | 'log' | 'memory', keptAt?: string) =>
    throwing(overLimit(drvPath, { limit, limits, log, keptAt }));
  await check(t, 'E-BUILD-030', 'over-time', over('time'));
  await check(t, 'E-BUILD-031', 'over-silence', over('silence'));
  await check(t, 'E-BUILD-032', 'over-log', over('log'));
  await check(t, 'E-BUILD-033', 'over-memory', over('memory', '/tmp/failed-hello'));
});

test('outputs', async (t) => {
  const folder = temporaryFolder(t);
  const made = { drv, drvPath, folder, places: new Map([['out', place]]), closure: [] };
  await check(t, 'E-BUILD-002', 'output-missing', () => checkMade(made, storeDir));
  mkdirSync(join(folder, storePathBase(place), 'bin'), { recursive: true });
  await check(t, 'E-BUILD-006', 'real-folder', () => checkMade(made, storeDir));
  rmSync(join(folder, storePathBase(place), 'bin'), { recursive: true });
  const top = join(folder, storePathBase(place), 'usr');
  mkdirSync(join(top, 'lib64'), { recursive: true });
  writeFileSync(join(top, 'lib64/libz.so'), '');
  symlinkSync('/build/hello-2.10/x', join(top, 'link'));
  const withRules = (rules: object | string) => {
    const text = typeof rules === 'string' ? rules : JSON.stringify(rules);
    return { ...made, drv: { ...drv, env: new Map([...drv.env, ['igosOutputs', text]]) } };
  };
  const verify = ['usr/lib/libz.so', 'bin/hello', 'usr/lib64/*.so'];
  await check(t, 'E-BUILD-040', 'not-there', () => checkMade(withRules({ verify }), storeDir));
  await check(t, 'E-BUILD-041', 'build-path', () => checkMade(withRules({ references: 'fail' }), storeDir));
  await check(t, 'E-BUILD-008', 'bad-output-rules', () => checkMade(withRules('{"verify":"x"}'), storeDir));
});

test('rules for outputs that are broken, or none', async (t) => {
  const store = temporaryStore(t);
  const dep = addText(store, 'dep', 'x', []);
  const lib = addText(store, 'lib', dep, [dep]);
  const made: PreparedOutputs = {
    paths: new Map([['out', place]]),
    objects: [
      { realPath: '', manifest: [], info: { path: place, narHash: '', narSizeBytes: 5000, references: [lib], deriver: drvPath } },
    ],
  };
  const checked = (env: Record<string, string>) => () => checkOutputs(store, { ...drv, env: new Map(Object.entries(env)) }, made);
  const json = (attrs: unknown) => checked({ __json: JSON.stringify(attrs) });
  const graphs = (text: string) => () =>
    graphsFor(store, {} as Realised, { ...drv, env: new Map([['exportReferencesGraph', text]]) }, []);
  await check(t, 'E-BUILD-042', 'reference', checked({ allowedReferences: 'out' }));
  await check(t, 'E-BUILD-042', 'requisites', checked({ allowedRequisites: '' }));
  await check(t, 'E-BUILD-043', 'too-large', json({ outputChecks: { out: { maxSize: 4096 } } }));
  await check(t, 'E-BUILD-043', 'closure-too-large', json({ outputChecks: { out: { maxSize: 5000, maxClosureSize: 5100 } } }));
  await check(t, 'E-BUILD-044', 'rule-word', checked({ disallowedReferences: 'gcc' }));
  await check(t, 'E-BUILD-044', 'rule-list', json({ outputChecks: { out: { allowedReferences: 'out' } } }));
  await check(t, 'E-BUILD-044', 'graph-odd', graphs(lib));
  await check(t, 'E-BUILD-044', 'graph-name', graphs(`../x ${lib}`));
  await check(t, 'E-BUILD-044', 'graph-outside', graphs(`x ${lib}`));
});

test('sandboxes', async (t) => {
  const facts = {
    namespaceError: undefined,
    mountError: undefined,
    overlayError: undefined,
    settings: new Map<string, string>(),
  };
  const explain = (more: object) => () => {
    throw explainSandbox({ ...facts, ...more })!;
  };
  assert.equal(explainSandbox(facts), undefined);
  await check(t, 'E-BUILD-003', 'no-launcher', throwing(noLauncher()), [process.arch]);
  const settings = new Map([
    ['kernel.unprivileged_userns_clone', '0'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1'],
    ['user.max_user_namespaces', '0'],
  ]);
  await check(
    t,
    'E-BUILD-003',
    'no-namespaces',
    explain({ namespaceError: 'cannot make namespaces: operation not permitted', settings }),
  );
  await check(
    t,
    'E-BUILD-003',
    'no-namespaces-container',
    explain({ namespaceError: 'cannot make namespaces: operation not permitted' }),
  );
  await check(t, 'E-BUILD-003', 'no-mounts', explain({ mountError: 'cannot mount /proc: operation not permitted' }));
});

test('roots', async (t) => {
  const paths = ['1', '2'].map((n) => `${storeDir}/${n.repeat(32)}-x` as StorePath);
  const manifests = new Map<StorePath, ManifestEntry[]>([
    [
      paths[0]!,
      [
        { kind: 'directory', path: '' },
        { kind: 'file', path: 'usr/bin/ls', isExecutable: true, sizeBytes: 9000, sha256: 'a'.repeat(64) },
      ],
    ],
    [
      paths[1]!,
      [
        { kind: 'directory', path: '' },
        { kind: 'symlink', path: 'usr/bin/ls', target: 'busybox' },
      ],
    ],
  ]);
  const store = { manifest: (path: StorePath) => manifests.get(path)!, cacheGet: () => undefined } as unknown as ObjectStore;
  const layers = (supersedes: string[][]) =>
    ['coreutils', 'busybox'].map((name, n) => ({ name, path: paths[n]!, supersedes: supersedes[n] ?? [], level: 0 }));
  await check(t, 'E-BUILD-005', 'conflict', () => checkLayers(store, orderLayers(layers([]))));
  await check(t, 'E-BUILD-007', 'supersede-circle', () => orderLayers(layers([['busybox'], ['coreutils']])));
  await check(t, 'E-BUILD-008', 'bad-root', () => parseLayers('{"layers":[{"name":"zlib","path":"/usr"}]}', storeDir));
});

test('inputs', async (t) => {
  const empty = { isValid: () => false, holdAll: () => new Set() } as unknown as ObjectStore;
  await check(t, 'E-BUILD-017', 'input-missing', () => gatherInputs(empty, {} as Realised, { drv, drvPath }));
  const big = { ...drv, env: new Map([['text', 'x'.repeat(200_000)]]) };
  await check(t, 'E-BUILD-009', 'variable-too-long', () =>
    buildInput(big, { storeDir, cores: 1, outputs: new Map(), impure: new Map() }),
  );
  const store = temporaryStore(t);
  const other = addDerivation(store, { name: 'hello-2.10', system: 'riscv64-darwin' });
  await check(t, 'E-BUILD-014', 'other-system', () =>
    realize(store, [{ drvPath: other, outputs: [] }]).catch((fault: Fault) => {
      fault.message = fault.message.replace(/machine is '.*'/, "machine is '…'");
      throw fault;
    }),
  );
  await check(t, 'E-BUILD-016', 'no-log', () => readLog(store, drvPath));
  const [source] = store.addTexts([{ name: 'source', text: 'from a cache', references: [] }]);
  const fetched = addDerivation(store, { name: 'fetched', env: { src: source! } });
  store.addRealisations([{ drvPath: fetched, output: 'out', path: source! }]);
  await check(t, 'E-BUILD-016', 'no-log-elsewhere', () => readLog(store, fetched));
  const log = runningLogPath(store.home, other);
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, 'begun');
  await check(t, 'E-BUILD-016', 'no-log-yet', () => readLog(store, other));
});

test('fetches', async (t) => {
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  const fixed = fixedOutput('x.tar.gz', 'flat', { algorithm: 'sha256', hex: 'ab'.repeat(32) }, storeDir);
  const tree = fixedOutput('x', 'nar', { algorithm: 'sha256', hex: 'ab'.repeat(32) }, storeDir);
  const fetch = (env: Record<string, string>, options: { builder?: string; output?: typeof fixed; name?: string } = {}) => {
    const goal = addDerivation(store, {
      name: options.name ?? 'x.tar.gz',
      builder: options.builder ?? 'builtin:fetchurl',
      fixed: options.output ?? fixed,
      system: 'builtin',
      env,
    });
    return realize(store, [{ drvPath: goal, outputs: [] }]);
  };
  writeFileSync(join(folder, 'x'), 'tampered');
  const file = pathToFileURL(join(folder, 'x')).href;
  const hide = [pathToFileURL(folder).href, folder];
  await check(t, 'E-BUILD-010', 'not-fetched', () => fetch({ urls: `${file}-1 ftp://example.org/x` }), hide);
  await check(t, 'E-BUILD-011', 'hash-mismatch', () => fetch({ url: file }), hide);
  await check(t, 'E-BUILD-012', 'no-url', () => fetch({}));
  await check(t, 'E-BUILD-012', 'no-builtin', () => fetch({ url: file }, { builder: 'builtin:fetchgit' }));
  await check(t, 'E-BUILD-013', 'bad-archive', () => fetch({ url: file, unpack: '1' }, { output: tree, name: 'x' }), hide);
});

test('seeds', async (t) => {
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  const index = (...texts: string[]): PackageIndex => new PackageIndex(texts, 'amd64');
  const resolve = (list: PackageIndex, ...packages: string[]) =>
    resolveSeed(list, { parts: [{ packages, without: [] }], locked: new Map() });
  const listed = index(
    listOf([{ name: 'mawk', provides: 'awk' }, { name: 'gcc', depends: 'libc6 (>= 2) | musl' }, { name: 'libc6' }]),
  );
  await check(t, 'E-BUILD-050', 'seed-not-offered', () => resolve(listed, 'gc'));
  await check(t, 'E-BUILD-050', 'seed-virtual', () => resolve(listed, 'awk'));
  await check(t, 'E-BUILD-051', 'seed-unsatisfied', () => resolve(listed, 'gcc', 'libc6'));
  const hostile = (changes: Record<string, string>) =>
    resolve(index(stanzaOf({ name: 'evil' }, Buffer.from('x'), changes)), 'evil');
  await check(t, 'E-BUILD-052', 'seed-bad-path', () => hostile({ Filename: '../../../etc/passwd' }));
  await check(t, 'E-BUILD-052', 'seed-bad-hash', () => hostile({ SHA256: 'd41d8cd9' }));
  for (const changes of [{ Size: '-1' }, { Size: '9999999999999' }, { Version: '1 rm -rf' }, { Depends: 'a (>>> 1)' }])
    assert.equal((await faultOf(() => hostile(changes))).code, 'E-BUILD-052', JSON.stringify(changes));

  const hide = [folder];
  const lock = (suite: string, options: { component?: string; keyring?: string | null } = { keyring: null }) =>
    lockSeed(
      store,
      { parts: [{ packages: ['tool'], without: [] }], locked: new Map() },
      {
        architecture: 'amd64',
        mirrors: [{ url: pathToFileURL(folder).href, suite, components: [options.component ?? 'main'] }],
        keyring: options.keyring,
        signal: new AbortController().signal,
      },
    );
  writeMirror(folder, [{ name: 'tool' }]);
  await check(t, 'E-BUILD-010', 'seed-no-suite', () => lock('unstable'), hide);
  await check(t, 'E-BUILD-010', 'seed-no-component', () => lock('stable', { component: 'contrib', keyring: null }), hide);
  const packages = join(folder, 'dists/stable/main/binary-amd64/Packages.gz');
  writeFileSync(packages, Buffer.alloc(statSync(packages).size, 'x'));
  await check(t, 'E-BUILD-052', 'seed-wrong-list', () => lock('stable'), hide);

  const same = ['one', 'two'].map((name, i) => {
    const file = join(folder, `${name}.deb`);
    writeFileSync(file, debOf({ name, files: [{ name: './usr/bin/awk', data: `${i}` }] }));
    return store.addPath(`${name}.deb`, file);
  });
  const unpack = (env: Record<string, string>) => {
    const goal = addDerivation(store, { name: 'seed-1', builder: 'builtin:unpackDebian', system: 'builtin', sources: same, env });
    return realize(store, [{ drvPath: goal, outputs: [] }]);
  };
  await check(t, 'E-BUILD-053', 'seed-two-have-it', () => unpack({ debs: same.join(' ') }));
  await check(t, 'E-BUILD-012', 'seed-bad-attribute', () => unpack({ debs: '', links: '{ "../x": "y" }' }));
});

test('every code of the table is raised above', () => {
  assert.deepEqual(
    Object.keys(buildCodes).filter((code) => !covered.has(code as BuildCode)),
    [],
  );
});
