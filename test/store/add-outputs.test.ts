import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, renderFault } from '../../base/index.ts';
import {
  type DerivationOutput,
  fixedOutput,
  formatHash,
  hashBytes,
  makeStorePath,
  type ObjectStore,
  type OutputToAdd,
  openStore,
  outputPathName,
  parseStorePath,
  scratchOutputPath,
  storePathHash,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';
import { vectorJson } from './vectors.ts';

const floating: DerivationOutput = { kind: 'floating', method: 'nar', algorithm: 'sha256' };

/** A derivation in the store, and a way to say that it made something. */
function build(store: ObjectStore, name = 'x') {
  const [deriver] = store.addTexts([{ name: `${name}.drv`, text: `Derive(${name})`, references: [] }]);
  const scratch = store.makeScratch();
  const pathOf = (output: string) => scratchOutputPath(deriver!, output, store.storeDir);
  const make = (
    output: string,
    files: Record<string, string | null> | string,
    options: Partial<OutputToAdd> = {},
  ): [string, OutputToAdd] => {
    const realPath = join(scratch, output);
    if (typeof files === 'string') writeFileSync(realPath, files);
    else makeTree(realPath, files);
    return [
      output,
      {
        realPath,
        name: outputPathName(name, output),
        output: floating,
        scratchPath: pathOf(output),
        candidates: [],
        deriver: deriver!,
        ...options,
      },
    ];
  };
  return { deriver: deriver!, scratch, pathOf, make };
}

test('a floating output that names itself gets the path that Nix gave it', (t) => {
  const { folder } = temporaryStore(t);
  const store = openStore({ home: join(folder, 'nix'), storeDir: '/nix/store' });
  t.after(() => store.close());
  const { pathOf, make } = build(store, 'ca-a');
  const self = pathOf('out');
  const path = store.addOutputs(new Map([make('out', { self: `self=${self}\n`, data: 'data\n' })])).get('out')!;
  assert.equal(path, '/nix/store/bcxcd47kzzbjnjshh2hijb17mnkn521z-ca-a');
  const expected = vectorJson<{ path: string; ca?: string; narHash: string; narSize: number; references: string[] }[]>(
    'path-info.json',
  ).find((item) => item.path === path)!;
  const info = store.info(path)!;
  assert.deepEqual(
    [info.ca, formatHash({ algorithm: 'sha256', hex: info.narHash }, 'sri'), info.narSizeBytes, info.references],
    [expected.ca, expected.narHash, expected.narSize, expected.references],
  );
  assert.equal(readFileSync(join(store.toReal(path), 'self'), 'latin1'), `self=${path}\n`);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('outputs without references to themselves are named by their bytes alone', (t) => {
  const { store } = temporaryStore(t);
  const one = build(store, 'x');
  const first = store.addOutputs(new Map([one.make('out', { 'bin/x*': 'same' })])).get('out')!;
  const two = build(store, 'x');
  const again = store.addOutputs(new Map([two.make('out', { 'bin/x*': 'same' })])).get('out')!;
  assert.equal(again, first);
  assert.equal(store.addPath('x', store.toReal(first)), first, 'and so are sources');
});

test('references are found among the candidates, and only there', (t) => {
  const { store } = temporaryStore(t);
  const [lib, unused, foreign] = ['lib', 'unused', 'foreign'].map(
    (name) => store.addTexts([{ name, text: name, references: [] }])[0]!,
  );
  const { make, deriver } = build(store);
  const files = { 'bin/x*': `\0\x7fELF${'y'.repeat(100)}${lib}/lib\0${foreign}`, l: `-> ${lib}/lib/y` };
  const path = store.addOutputs(new Map([make('out', files, { candidates: [lib!, unused!] })])).get('out')!;
  assert.deepEqual(store.info(path)!.references, [lib]);
  assert.equal(store.info(path)!.deriver, deriver);
  assert.deepEqual(store.referrers(lib!), [path]);
  assert.deepEqual(store.closure([path]), [lib!, path].sort(compareBytes));
});

test('outputs that refer to each other are named in order, and rewritten in contents and links, large files too', (t) => {
  const { store } = temporaryStore(t);
  const { make, pathOf } = build(store);
  const [out, lib, dev] = [pathOf('out'), pathOf('lib'), pathOf('dev')];
  // The name lies across the border of the first window of 1 MiB.
  const large = `${'-'.repeat((1 << 20) - 20)}${lib}${'-'.repeat(1 << 20)}${out}`;
  const outputs = new Map([
    make('out', { large, 'deep/link': `-> ${lib}/so`, 'deep/self': `-> ${out}/large` }),
    make('dev', { both: `${out} ${lib}` }),
    make('lib', { so: 'code' }),
  ]);
  const paths = store.addOutputs(outputs);
  const [outFinal, libFinal, devFinal] = ['out', 'lib', 'dev'].map((name) => paths.get(name)!);
  assert.equal(
    readFileSync(join(store.toReal(outFinal!), 'large'), 'latin1'),
    large.replace(lib, libFinal!).replace(out, outFinal!),
  );
  assert.equal(readlinkSync(join(store.toReal(outFinal!), 'deep/link')), `${libFinal}/so`);
  assert.equal(readlinkSync(join(store.toReal(outFinal!), 'deep/self')), `${outFinal}/large`);
  assert.equal(readFileSync(join(store.toReal(devFinal!), 'both'), 'latin1'), `${outFinal} ${libFinal}`);
  assert.deepEqual(store.info(outFinal!)!.references, [libFinal!, outFinal!].sort(compareBytes));
  assert.deepEqual(store.info(devFinal!)!.references, [libFinal!, outFinal!].sort(compareBytes));
  for (const path of [outFinal!, libFinal!, devFinal!]) assert.ok(!dev.includes(storePathHash(path)));
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('the same build under another provisional name gives the same path', (t) => {
  const { store } = temporaryStore(t);
  const paths = ['a', 'b'].map((text) => {
    const { make } = build(store, 'x');
    const scratchPath = makeStorePath(`rewrite:${text}`, '0'.repeat(64), 'x', storeDir);
    return store
      .addOutputs(new Map([make('out', { self: `at ${scratchPath}/self`, l: `-> ${scratchPath}` }, { scratchPath })]))
      .get('out');
  });
  assert.equal(paths[0], paths[1]);
});

test('input-addressed outputs keep their path and may refer to each other, but in no circle', (t) => {
  const { store } = temporaryStore(t);
  const { make } = build(store);
  const path = (name: string) => makeStorePath(`output:${name}`, '1'.repeat(64), name === 'out' ? 'x' : `x-${name}`, storeDir);
  const addressed = (name: string): Partial<OutputToAdd> => ({
    output: { kind: 'input-addressed', path: path(name) },
    scratchPath: path(name),
  });
  const outputs = new Map([
    make('out', { a: path('dev') }, addressed('out')),
    make('dev', { a: `${path('dev')}` }, addressed('dev')),
  ]);
  const ring = build(store, 'ring');
  const circle = new Map([
    ring.make('out', { a: path('dev') }, addressed('out')),
    ring.make('dev', { a: `${path('out')} ${path('dev')}` }, addressed('dev')),
  ]);
  assert.match(faultOf(() => store.addOutputs(circle)).message, /in a circle: out → dev → out/);
  assert.deepEqual(
    store.addOutputs(outputs),
    new Map([
      ['out', path('out')],
      ['dev', path('dev')],
    ]),
  );
  assert.deepEqual(store.info(path('dev'))!.references, [path('dev')]);
  assert.deepEqual(store.info(path('out'))!.references, [path('dev')]);
  assert.equal(store.info(path('out'))!.ca, undefined);
  const second = build(store);
  assert.deepEqual(
    store.addOutputs(new Map([second.make('out', { a: 'other' }, addressed('out'))])),
    new Map([['out', path('out')]]),
  );
  assert.equal(readFileSync(join(store.toReal(path('out')), 'a'), 'latin1'), path('dev'), 'the first stays');
});

test('metadata is made canonical in place', (t) => {
  const { store } = temporaryStore(t);
  const { make } = build(store);
  const [name, output] = make('out', { 'bin/su*': 'x', 'lib/a': 'y', 'lib/l': '-> a', 'closed/f': 'z' });
  chmodSync(join(output.realPath, 'bin/su'), 0o6755);
  chmodSync(join(output.realPath, 'lib/a'), 0o1666);
  linkSync(join(output.realPath, 'lib/a'), join(output.realPath, 'lib/b'));
  chmodSync(join(output.realPath, 'closed'), 0o000);
  const real = store.toReal(store.addOutputs(new Map([[name, output]])).get('out')!);
  assert.equal(statSync(join(real, 'bin/su')).mode & 0o7777, 0o555);
  assert.equal(statSync(join(real, 'lib/a')).mode & 0o7777, 0o444);
  assert.equal(statSync(join(real, 'closed')).mode & 0o7777, 0o555);
  assert.equal(lstatSync(join(real, 'lib/l')).mtimeMs, 1000);
  assert.equal(lstatSync(real).mtimeMs, 1000);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('fixed outputs are kept when their hash is right', (t) => {
  const { store } = temporaryStore(t);
  const { make } = build(store);
  const output = fixedOutput('x', 'flat', { algorithm: 'sha512', hex: hashBytes('sha512', 'hello') }, storeDir);
  const path = output.kind === 'fixed' ? output.path : parseStorePath('', storeDir);
  const paths = store.addOutputs(new Map([make('out', 'hello', { output, scratchPath: path })]));
  assert.equal(paths.get('out'), path);
  assert.match(store.info(path)!.ca!, /^fixed:sha512:/);
});

test('outputs that are refused leave nothing in the store', (t) => {
  const { store, home, folder } = temporaryStore(t);
  const lib = store.addTexts([{ name: 'lib', text: 'lib', references: [] }])[0]!;
  const sha256 = fixedOutput('x', 'flat', { algorithm: 'sha256', hex: hashBytes('sha256', 'expected') }, storeDir);
  const path = sha256.kind === 'fixed' ? sha256.path : lib;
  const refers = fixedOutput('x', 'flat', { algorithm: 'sha256', hex: hashBytes('sha256', lib) }, storeDir);
  const absent = makeStorePath('source', '0'.repeat(64), 'absent', storeDir);
  const cases: ((made: ReturnType<typeof build>) => [string, OutputToAdd][])[] = [
    ({ make }) => [make('out', 'something else', { output: sha256, scratchPath: path })],
    ({ make }) => [make('out', { 'hello.c': 'expected' }, { output: sha256, scratchPath: path })],
    ({ make }) => {
      const [name, output] = make('out', 'expected', { output: sha256, scratchPath: path });
      chmodSync(output.realPath, 0o755);
      return [[name, output]];
    },
    ({ make }) => [make('out', lib, { output: refers, candidates: [lib] })],
    ({ make }) => [make('out', lib, { output: { kind: 'floating', method: 'flat', algorithm: 'sha256' }, candidates: [lib] })],
    ({ make }) => [make('out', { a: absent }, { candidates: [absent] })],
    ({ make, pathOf }) => [
      make('out', { a: pathOf('dev') }),
      make('dev', { a: pathOf('doc') }),
      make('doc', { a: pathOf('out') }),
    ],
    ({ make, pathOf }) => [make('out', { [`${pathOf('out').slice(1)}/bin/x`]: pathOf('out') })],
    ({ make, scratch }) => {
      const made = make('out', { 'run/a': 'x' });
      assert.equal(spawnSync('mkfifo', [join(scratch, 'out/run/control')]).status, 0);
      return [made];
    },
  ];
  const before = readdirSync(join(home, 'store'));
  const faults = cases.map((makeCase, i) => {
    const made = build(store, `x${i}`.slice(0, 1));
    const outputs = new Map(makeCase(made));
    const text = renderFault(faultOf(() => store.addOutputs(outputs)));
    return text.replaceAll(folder, '<tmp>');
  });
  golden(t, 'errors/store-outputs.txt', faults.join('\n'));
  assert.deepEqual(
    readdirSync(join(home, 'store')).filter((name) => !name.endsWith('.drv')),
    before,
  );
});
