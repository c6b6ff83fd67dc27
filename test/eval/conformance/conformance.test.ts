/** Every builtin and every construct, each with what it gives; and, where Nix is installed, next to Nix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bytesToText, Fault, Faults, textToBytes } from '../../../base/index.ts';
import { builtinTable } from '../../../eval/builtins/table.ts';
import { createInterpreter, type Interpreter } from '../../../eval/interpreter.ts';
import { NodeEvalIO } from '../../../eval/node-io.ts';
import { StoreBridge } from '../../../eval/store-bridge.ts';
import { type ObjectStore, openStore } from '../../../store/index.ts';
import { needsNix } from '../builtins/nix.ts';
import { type ConformanceCase, caseFiles, writeCases } from './cases.ts';

const isUpdating = process.env['UPDATE'] === '1';
const environment = { CONFORMANCE: 'from the environment' };

let here = '';
let store: ObjectStore;

before(() => {
  here = mkdtempSync(join(tmpdir(), 'igos-conformance-'));
  cpSync(join(import.meta.dirname, 'here'), here, { recursive: true });
  symlinkSync('file.txt', join(here, 'link'));
  store = openStore({ home: join(here, '.home'), storeDir: '/nix/store' });
});
after(() => {
  store.close();
  rmSync(here, { recursive: true, force: true });
});

/** One for each case: nothing is shared between them. */
function interpreter(): Interpreter {
  const io = new NodeEvalIO({
    store: new StoreBridge(store, { isReadOnly: true }),
    env: environment,
    now: () => 1_700_000_000,
    realise: (path) => {
      throw new Error(`unexpected build of ${path}`);
    },
  });
  const searchPath = [{ prefix: 'here', path: here }];
  return createInterpreter({ io, builtins: builtinTable, settings: { system: 'x86_64-linux', searchPath } });
}

function resultOf(expression: string): string {
  const nix = interpreter();
  try {
    const value = nix.evalExpr(textToBytes(expression), { basePath: here });
    return `=> ${bytesToText(nix.print(value, { isStrict: true })).replaceAll(here, '$HERE')}`;
  } catch (error) {
    const fault = error instanceof Faults ? error.faults[0] : error;
    if (!(fault instanceof Fault)) throw error;
    return `=! ${fault.message.replaceAll(here, '$HERE').replaceAll('\n', '\\n')}`;
  }
}

for (const { name, path, cases } of caseFiles()) {
  test(`conformance: ${name}`, (t) => {
    if (isUpdating) {
      writeCases(
        path,
        cases.map((each) => ({ ...each, expected: resultOf(each.expression) })),
      );
      t.diagnostic(`${name}: rewritten`);
      return;
    }
    const differing = cases.filter((each) => resultOf(each.expression) !== each.expected);
    assert.deepEqual(
      differing.map(({ expression }) => `${expression}\n${resultOf(expression)}`),
      differing.map(({ expression, expected }) => `${expression}\n${expected}`),
    );
  });

  test(`conformance: ${name}, next to Nix`, (t) => {
    if (!needsNix(t)) return;
    const values = cases.filter(({ expected, note }) => expected.startsWith('=> ') && note === undefined);
    const together = nixResult(values);
    if (together === `[ ${values.map(({ expected }) => expected.slice(3)).join(' ')} ]`) return;
    const differing = values.filter((each) => nixResult([each]) !== `[ ${each.expected.slice(3)} ]`);
    assert.deepEqual(
      differing.map((each) => `${each.expression}\n${nixResult([each])}`),
      differing.map(({ expression, expected }) => `${expression}\n[ ${expected.slice(3)} ]`),
    );
    assert.fail(`only together they differ from Nix: ${together}`);
  });
}

test('every builtin and every kind of expression has a case', () => {
  const all = caseFiles()
    .flatMap(({ cases }) => cases.map(({ expression }) => expression))
    .join('\n');
  const words = new Set(all.split(/[^A-Za-z0-9_']+/).flatMap((word) => [word, word.replace(/^__/, '')]));
  assert.deepEqual(
    builtinTable.map(({ name }) => name).filter((name) => !words.has(name)),
    [],
  );
});

/** What Nix prints for the expressions as one list. */
function nixResult(cases: readonly ConformanceCase[]): string {
  const file = join(here, 'all-together.nix');
  writeFileSync(file, `[\n${cases.map(({ expression }) => `(${expression}\n)`).join('\n')}\n]\n`);
  const words = ['--eval', '--strict', '--option', 'system', 'x86_64-linux', '-I', `here=${here}`, file];
  const run = spawnSync('nix-instantiate', words, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env['PATH'], HOME: here, NIX_REMOTE: 'dummy://', ...environment },
  });
  rmSync(file);
  return run.status === 0 ? run.stdout.trimEnd().replaceAll(here, '$HERE') : `Nix fails: ${run.stderr}`;
}

/** Names in `builtins` of the current Nix: a fact of its manual and its sources. */
const nixNames =
  `abort add addDrvOutputDependencies addErrorContext all any appendContext attrNames attrValues baseNameOf bitAnd bitOr bitXor
break builtins catAttrs ceil compareVersions concatLists concatMap concatStringsSep convertHash currentSystem currentTime deepSeq
derivation derivationStrict dirOf div elem elemAt exec false fetchClosure fetchFinalTree fetchGit fetchMercurial fetchTarball
fetchTree fetchurl filter filterSource findFile flakeRefToString floor foldl' fromJSON fromTOML functionArgs genList genericClosure
getAttr getContext getEnv getFlake groupBy hasAttr hasContext hashFile hashString head import importNative intersectAttrs isAttrs
isBool isFloat isFunction isInt isList isNull isPath isString langVersion length lessThan listToAttrs map mapAttrs match mul nixPath
nixVersion null outputOf parseDrvName parseFlakeRef partition path pathExists placeholder readDir readFile readFileType removeAttrs
replaceStrings scopedImport seq sort split splitVersion storeDir storePath stringLength sub substring tail throw toFile toJSON toPath
toString toXML trace traceVerbose true tryEval typeOf unsafeDiscardOutputDependency unsafeDiscardStringContext unsafeGetAttrPos warn
zipAttrsWith`.split(/\s+/);

test('every builtin of Nix is here, or docs/language.md says why not; and there are no others', () => {
  const here = new Set([...builtinTable.map(({ name }) => name), 'builtins', 'true', 'false', 'null']);
  const text = readFileSync(join(import.meta.dirname, '../../../docs/language.md'), 'utf8');
  const table = text.slice(text.indexOf('| left out | why |'), text.indexOf('Of what is there'));
  const leftOut = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(.*?)`/g)].map(([, name]) => name!),
  );
  assert.deepEqual(nixNames.filter((name) => !here.has(name)).sort(), leftOut.sort());
  assert.deepEqual(
    [...here].filter((name) => !nixNames.includes(name)),
    [],
  );
});
