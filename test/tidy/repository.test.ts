/** Rules of the repository that no linter knows. Each failure says what to do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const sources = globSync('{base,lang,store,eval,builder,pkm,depot,check,import,image,cli}/**/*.{ts,tsx}', { cwd: root });
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('every folder of the architecture has its README line and every source folder is in ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md');
  const folders = readdirSync(root).filter(
    (name) => !name.startsWith('.') && name !== 'node_modules' && statSync(join(root, name)).isDirectory(),
  );
  const missing = folders.filter((name) => !text.includes(`\`${name}/\``));
  assert.deepEqual(missing, [], 'add these folders to the table in ARCHITECTURE.md');
});

test('no unfinished work is marked in the sources', () => {
  const marks = sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(read(file)));
  assert.deepEqual(marks, []);
});

test('a test is not narrowed or switched off', () => {
  const narrowed = globSync('test/**/*.test.ts', { cwd: root }).filter((file) =>
    /\b(test|describe|it)\.(only|todo)\(/.test(read(file)),
  );
  assert.deepEqual(narrowed, []);
});

test('every error code is in one table, once, and raised somewhere', () => {
  const tables = sources.filter((file) => /(^|\/)codes\.ts$/.test(file) && !file.startsWith('base/'));
  const owners = new Map<string, string>();
  for (const file of tables) {
    for (const [, code] of read(file).matchAll(/'(E-[A-Z]+-\d+)':/g)) {
      assert.equal(owners.get(code!), undefined, `${code} stands in ${owners.get(code!)} and in ${file}`);
      owners.set(code!, file);
    }
  }
  const others = sources
    .filter((file) => !tables.includes(file))
    .map(read)
    .join('\n');
  const unused = [...owners].filter(
    ([code, file]) => !others.includes(`'${code}'`) && !new RegExp(`'${code}':[^}]*retired: true`).test(read(file)),
  );
  assert.deepEqual(
    unused.map(([code]) => code),
    [],
    'codes that nothing raises: remove them, or mark them retired',
  );
  const unknown = [...others.matchAll(/'(E-[A-Z]+-\d+)'/g)].map((match) => match[1]!).filter((code) => !owners.has(code));
  assert.deepEqual([...new Set(unknown)], [], 'codes that no table explains');
});

test('every golden file belongs to a test', () => {
  const tests = globSync('test/**/*.ts', { cwd: root }).map(read).join('\n');
  const orphans = globSync('test/golden/**/*', { cwd: root }).filter((file) => {
    if (statSync(join(root, file)).isDirectory()) return false;
    const name = file.slice('test/golden/'.length);
    const folder = name.split('/').slice(0, -1).join('/');
    const stem = name
      .split('/')
      .at(-1)!
      .replace(/\.[a-z]+$/, '');
    // named in full, or made from a table of names in a test that names the folder
    return !(
      tests.includes(name) ||
      (tests.includes(`${folder}/`) &&
        (tests.includes(`'${stem}'`) || tests.includes(`${stem.split('-')[0]}-\${`) || tests.includes('${')))
    );
  });
  assert.deepEqual(orphans, []);
});

test('paths of one machine and tools of one workplace are not in the project', () => {
  const beside = `${join(root, '..')}/`;
  if (!existsSync(join(root, '.git')) || beside.length < 3) return;
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(ts|js|md|igos|nix|sh|json)$/.test(file) && file !== 'package-lock.json');
  const named = files.filter(
    (file) =>
      existsSync(join(root, file)) &&
      (read(file).includes(`${root}/`) || /\/root\/[.\w]/.test(read(file))) &&
      file !== 'test/tidy/repository.test.ts',
  );
  assert.deepEqual(named, []);
});
