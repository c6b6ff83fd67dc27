import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../../base/index.ts';
import { builtinCodes } from '../../../eval/builtins/codes.ts';
import { renderBuiltinDoc, renderBuiltinsDoc } from '../../../eval/builtins/documentation.ts';
import { builtinTable } from '../../../eval/builtins/table.ts';
import { LEFT_OUT } from '../../../eval/errors.ts';
import { evaluate } from './evaluate.ts';

const names =
  `abort add addDrvOutputDependencies addErrorContext all any appendContext attrNames attrValues baseNameOf bitAnd bitOr
bitXor break builtins catAttrs ceil compareVersions concatLists concatMap concatStringsSep convertHash currentSystem currentTime
deepSeq derivation derivationStrict dirOf div elem elemAt false fetchGit fetchTarball fetchTree fetchurl filter filterSource findFile
flakeRefToString floor foldl'
fromJSON fromTOML functionArgs genList genericClosure getAttr getContext getEnv groupBy hasAttr hasContext hashFile hashString head
import intersectAttrs isAttrs isBool isFloat isFunction isInt isList isNull isPath isString langVersion length lessThan listToAttrs
map mapAttrs match mul nixPath nixVersion null outputOf parseDrvName parseFlakeRef partition path pathExists placeholder readDir readFile
readFileType removeAttrs replaceStrings scopedImport seq sort split splitVersion storeDir storePath stringLength sub substring tail
throw toFile toJSON toPath toString toXML trace traceVerbose true tryEval typeOf unsafeDiscardOutputDependency
unsafeDiscardStringContext unsafeGetAttrPos warn zipAttrsWith`.split(/\s+/);

test('every builtin is there, and no other', () => {
  const found = JSON.parse(JSON.parse(evaluate('builtins.toJSON (builtins.attrNames builtins)')) as string) as string[];
  assert.deepEqual(found, names.sort(compareBytes));
});

test('what is left out is not there, and the page on the language says why', () => {
  const why = readFileSync(join(import.meta.dirname, '../../../docs/language.md'), 'utf8').split('## Next to Nix')[1]!;
  for (const name of LEFT_OUT) {
    assert.ok(!names.includes(name), name);
    assert.ok(why.includes(`\`${name}\``), name);
  }
});

test('names are unique and sorted, every entry is documented', () => {
  const known = builtinTable.map((entry) => entry.name);
  assert.deepEqual(known, [...new Set(known)].sort(compareBytes));
  for (const { name, doc } of builtinTable) assert.match(doc, /^[A-Z`"-].*[.)]$/s, name);
});

test('every code has an explanation', () => {
  for (const [code, entry] of Object.entries(builtinCodes)) assert.ok(entry.explanation.length > 40, code);
});

test('docs/builtins.md is what the table says (npm run docs writes it)', () => {
  const file = join(import.meta.dirname, '../../../docs/builtins.md');
  assert.equal(readFileSync(file, 'utf8'), renderBuiltinsDoc());
});

test('one entry by name', () => {
  assert.match(renderBuiltinDoc('map') ?? '', /^## map\n/);
  assert.equal(renderBuiltinDoc('mapp'), undefined);
});
