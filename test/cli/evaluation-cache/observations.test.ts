/** Each kind of look at the world alone, with the smallest change that must be noticed by it, and one that must not matter. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { noQuickAnswers, type Workbench, workbench } from './workbench.ts';

interface Case {
  readonly look: string;
  readonly words?: readonly string[];
  readonly isUnnoticed?: true;
  change(at: (name: string) => string, bench: Workbench): void;
}

const relink = (path: string, target: string): void => {
  rmSync(path);
  symlinkSync(target, path);
};

const setVariable = (bench: Workbench, name: string, value: string): void => {
  bench.environment[name] = value;
};

const CASES: Readonly<Record<string, Case>> = {
  'the bytes of an imported file': { look: 'import ./one.nix', change: (at) => writeFileSync(at('one.nix'), '{ n = 3; }') },
  'the bytes of a file, with the size and time it had': {
    look: 'readFile ./text',
    change: (at) => {
      const { atime, mtime } = statSync(at('text'));
      writeFileSync(at('text'), 'TEXT');
      utimesSync(at('text'), atime, mtime);
    },
  },
  'the same bytes in another file': {
    look: 'readFile ./text',
    isUnnoticed: true,
    change: (at) => {
      rmSync(at('text'));
      writeFileSync(at('text'), 'text');
    },
  },
  'a hashed file': { look: 'hashFile "sha256" ./text', change: (at) => writeFileSync(at('text'), 'other') },
  'a file that comes': { look: 'pathExists ./absent', change: (at) => writeFileSync(at('absent'), '') },
  'a file that goes': { look: 'pathExists ./text', change: (at) => rmSync(at('text')) },
  'a file that goes, and nothing else was asked': {
    look: 'pathExists ./text',
    words: ['--impure'],
    change: (at) => rmSync(at('text')),
  },
  'a file that appears first in the search path': {
    look: 'import <one.nix>',
    words: ['-I', 'folder', '-I', '.'],
    change: (at) => writeFileSync(at('folder/one.nix'), '5'),
  },
  'a link to another file': { look: 'import ./link', change: (at) => relink(at('link'), 'two.nix') },
  'a link on the way': { look: 'import ./way/in.nix', change: (at) => relink(at('way'), 'other') },
  'a link on the way to equal bytes': {
    look: 'readFile ./way/same',
    // Pure evaluation looks where links lead: it is done again.
    words: ['--impure'],
    isUnnoticed: true,
    change: (at) => relink(at('way'), 'other'),
  },
  'a folder that becomes a link': {
    look: 'readFileType ./folder',
    change: (at) => {
      renameSync(at('folder'), at('moved'));
      symlinkSync('moved', at('folder'));
    },
  },
  'a folder on the way that is somewhere else now': {
    look: 'import ./folder/in.nix',
    change: (at) => {
      renameSync(at('folder'), at('../moved'));
      symlinkSync('../moved', at('folder'));
    },
  },
  'a link that becomes a file': {
    look: 'readFileType ./link',
    words: ['--impure'],
    change: (at) => {
      rmSync(at('link'));
      writeFileSync(at('link'), '');
    },
  },
  'the end of a link': { look: 'pathExists (toString ./link + "/.")', change: (at) => relink(at('link'), 'folder') },
  'a folder instead of a file': {
    look: 'import ./link2',
    change: (at) => relink(at('link2'), 'package'),
  },
  'a name in a folder': { look: 'readDir ./folder', change: (at) => writeFileSync(at('folder/new'), '') },
  'a kind in a folder': {
    look: 'readDir ./folder',
    change: (at) => {
      rmSync(at('folder/in.nix'));
      mkdirSync(at('folder/in.nix'));
    },
  },
  'bytes in a listed folder': {
    look: 'readDir ./folder',
    isUnnoticed: true,
    change: (at) => writeFileSync(at('folder/in.nix'), 'x'),
  },
  'a source': { look: '"${./text}"', change: (at) => writeFileSync(at('text'), 'TEXT') },
  'whether a source is executable': { look: '"${./text}"', change: (at) => chmodSync(at('text'), 0o755) },
  'the time of a source': { look: '"${./folder}"', isUnnoticed: true, change: (at) => utimesSync(at('folder/in.nix'), 1, 1) },
  'bytes in a source': { look: '"${./folder}"', change: (at) => writeFileSync(at('folder/in.nix'), '9') },
  'a name in a source': { look: '"${./folder}"', change: (at) => writeFileSync(at('folder/new'), '') },
  'a name deep in a source': { look: '"${./.}"', change: (at) => writeFileSync(at('folder/new'), '') },
  'a link in a source': { look: '"${./links}"', change: (at) => relink(at('links/x'), 'elsewhere') },
  'a name that a filter is asked about': {
    look: 'filterSource (path: _: baseNameOf path != "new") ./folder',
    isUnnoticed: true,
    change: (at) => writeFileSync(at('other/new'), ''),
  },
  'a name that a filter takes': {
    look: 'filterSource (path: _: baseNameOf path != "in.nix") ./folder',
    change: (at) => writeFileSync(at('folder/new'), ''),
  },
  'what a filter leaves out': {
    look: 'filterSource (path: _: baseNameOf path != "in.nix") ./folder',
    isUnnoticed: true,
    change: (at) => writeFileSync(at('folder/in.nix'), 'other'),
  },
  'a variable': { look: 'getEnv "ONE"', words: ['--impure'], change: (_, bench) => setVariable(bench, 'ONE', 'new') },
  'a variable that goes': {
    look: 'getEnv "SET"',
    words: ['--impure'],
    change: (_, bench) => void delete bench.environment['SET'],
  },
  'another variable': {
    look: 'getEnv "ONE"',
    words: ['--impure'],
    isUnnoticed: true,
    change: (_, bench) => setVariable(bench, 'TWO', 'new'),
  },
  'a variable in pure evaluation': {
    look: 'getEnv "ONE"',
    isUnnoticed: true,
    change: (_, bench) => setVariable(bench, 'ONE', 'new'),
  },
  NIX_PATH: {
    look: 'import <in.nix>',
    words: ['--impure'],
    change: (at, bench) => setVariable(bench, 'NIX_PATH', at('other')),
  },
  'the file that is asked for': { look: '1', change: (at) => writeFileSync(at('main.nix'), '2') },
};

const FILES: Readonly<Record<string, string>> = {
  'one.nix': '{ n = 1; }',
  'two.nix': '{ n = 2; }',
  text: 'text',
  'folder/in.nix': '"folder"',
  'folder/same': 'same',
  'other/in.nix': '"other"',
  'other/same': 'same',
  'package/default.nix': '"package"',
  'links/file': '',
};

for (const [name, { look, words = [], isUnnoticed, change }] of Object.entries(CASES)) {
  for (const isSettled of [true, false]) {
    test(`${name}${isUnnoticed ? ' does not matter' : ''}${isSettled ? '' : ', changed just now'}`, async (t) => {
      const bench = workbench(t);
      const at = (path: string): string => join(bench.work, path);
      for (const [path, text] of Object.entries({ ...FILES, 'main.nix': `with builtins; ${look}` })) {
        mkdirSync(dirname(at(path)), { recursive: true });
        writeFileSync(at(path), text);
        // Whole seconds can be set again exactly.
        utimesSync(at(path), 1e9, 1e9);
      }
      symlinkSync('one.nix', at('link'));
      symlinkSync('one.nix', at('link2'));
      symlinkSync('folder', at('way'));
      symlinkSync('file', at('links/x'));
      bench.environment['SET'] = 'old';
      bench.environment['NIX_PATH'] = at('folder');
      if (isSettled) {
        // The clock of the kernel is coarse: what follows has another time.
        await new Promise((resolve) => setTimeout(resolve, 11));
        t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
      }
      const line = ['eval', '--strict', ...words, at('main.nix')];
      const first = await bench.ask(...line);
      assert.deepEqual([first.status, first.isFresh], [0, true], first.stderr);
      assert.deepEqual(await bench.ask(...line), { ...first, isFresh: false });
      const hasQuickAnswer = isSettled && noQuickAnswers === false;
      if (hasQuickAnswer) assert.equal(bench.known(...line)?.stdout, first.stdout, 'the launcher knows it');
      change(at, bench);
      if (isUnnoticed !== true) assert.equal(bench.known(...line), undefined, 'the launcher sees the change');
      const then = await bench.ask(...line);
      assert.equal(then.isFresh, isUnnoticed !== true);
      const { status, stdout, stderr } = await bench.evaluate(...line);
      assert.deepEqual(then, { status, stdout, stderr, isFresh: then.isFresh });
      if (!isUnnoticed) assert.notDeepEqual([stdout, stderr], [first.stdout, first.stderr], 'the case changes nothing');
    });
  }
}
