/**
 * A store with things that must outlive whatever happens to it, and what must hold after each mishap. Trees are compared by a reading
 * of them that shares no code with the store.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectStore, openStore, type StorePath } from '../../../store/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { makeTree, storeDir, temporaryFolder } from '../fixture.ts';
import { runIgos } from './program.ts';
import { Random } from './random.ts';

interface Problem {
  readonly path: string;
  readonly kind: string;
  readonly file?: string;
  readonly detail: string;
}

export class World {
  readonly folder: string;
  readonly home: string;
  readonly random: Random;
  /** Runs when the test ends. */
  readonly after: (run: () => unknown) => void;
  /** Rooted, and as they were when they came. */
  readonly #kept = new Map<StorePath, string>();

  constructor(t: { after(run: () => unknown): void; diagnostic(text: string): void }, seed: number, home?: string) {
    this.after = (run) => t.after(run);
    this.folder = temporaryFolder(t);
    this.home = home ?? join(this.folder, 'home');
    this.random = new Random(seed);
    t.diagnostic(`seed ${seed}`);
  }

  /** Uses the store inside of the test, and lets go of all it held. */
  use<T>(run: (store: ObjectStore) => T): T {
    using store = openStore({ home: this.home, storeDir });
    return run(store);
  }

  /** Files of several sizes, of which some are equal to files of other trees, an executable, a link, an empty folder. */
  tree(name: string, nFiles: number): string {
    const files: Record<string, string | null> = { empty: null, 'bin/run*': '#!/bin/sh\n', 'bin/link': '-> run' };
    for (let i = 0; i < nFiles; i++) {
      const isCommon = i % 3 === 0;
      const text = isCommon ? `common ${i % 7}\n` : `${name} ${this.random.below(1 << 30)}\n`;
      files[`d${i % 5}/f${i}`] = text.repeat(1 + this.random.below(i % 11 === 0 ? 3000 : 30));
    }
    return makeTree(join(this.folder, 'sources', name), files);
  }

  async keep(path: StorePath): Promise<void> {
    this.use((store) => {
      assert.ok(store.isValid(path), `${path} is not valid`);
      this.#kept.set(path, fingerprint(store.toReal(path)));
    });
    const { status, stderr } = await this.here('store', 'roots', 'add', join(this.folder, `root-${this.#kept.size}`), path);
    assert.equal(status, 0, stderr);
  }

  get kept(): readonly StorePath[] {
    return [...this.#kept.keys()];
  }

  /** A command inside of the test's process. */
  here(...words: string[]): ReturnType<typeof runHere> {
    return runHere('igos', [...words, '--home', this.home]);
  }

  /**
   * Nothing that is valid is damaged, nothing that was kept is missing.
   *
   * @param isAmong  damage that may still be there
   * @returns paths that are there and not recorded
   */
  async check(where: string, isAmong: (problem: Problem) => boolean = () => false): Promise<string[]> {
    const { status, stdout, stderr } = await this.here('store', 'verify', '--contents', '--json');
    assert.ok(stdout !== '', `${where}: verify ended with ${status}: ${stderr}`);
    const { problems } = JSON.parse(stdout) as { problems: Problem[] };
    assert.deepEqual(
      problems.filter((problem) => problem.kind !== 'unregistered' && !isAmong(problem)),
      [],
      where,
    );
    this.use((store) => {
      for (const [path, expected] of this.#kept) {
        assert.ok(store.isValid(path), `${where}: ${path} is gone`);
        if (problems.some((problem) => problem.path === path)) continue;
        assert.equal(fingerprint(store.toReal(path)), expected, `${where}: ${path} is another`);
      }
      assert.doesNotThrow(() => store.closure(store.allPaths()), where);
    });
    return problems.filter(({ kind }) => kind === 'unregistered').map(({ path }) => path);
  }

  /** What the mishaps left goes with a collection: nothing but the kept remains, and nothing lies about. */
  async settle(where: string): Promise<void> {
    const { status, stderr } = await runIgos(this.home, ['gc', '--no-keep-derivations']);
    assert.equal(status, 0, `${where}: gc: ${stderr}`);
    assert.deepEqual(await this.check(where), [], `${where}: left after gc`);
    const closure = this.use((store) => store.closure(this.#kept.keys()).map((path) => path.slice(storeDir.length + 1)));
    assert.deepEqual(list(join(this.home, 'store')), closure.sort(), `${where}: what is in the store`);
    assert.deepEqual(list(join(this.home, 'tmp')), [], `${where}: scratch`);
    assert.deepEqual(list(join(this.home, 'var/temproots')), [], `${where}: temporary roots`);
    for (const file of walk(join(this.home, 'pool')))
      assert.ok(lstatSync(file).nlink > 1, `${where}: only the pool holds ${file}`);
    for (const file of walk(join(this.home, 'var'))) assert.doesNotMatch(file, /\/\.tmp-/, `${where}: half written`);
  }
}

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

function* walk(path: string): Generator<string> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) yield path;
  else for (const name of readdirSync(path)) yield* walk(join(path, name));
}

/** Names, kinds, modes, times and bytes of all that is below. */
export function fingerprint(root: string): string {
  const hash = createHash('sha256');
  const visit = (path: string, name: string): void => {
    const found = lstatSync(path);
    const kind = found.isDirectory() ? 'd' : found.isSymbolicLink() ? 'l' : 'f';
    const mode = kind === 'l' ? '' : (found.mode & 0o7777).toString(8);
    hash.update(`${kind} ${mode} ${Math.floor(found.mtimeMs / 1000)} ${JSON.stringify(name)}\n`);
    if (kind === 'f') hash.update(createHash('sha256').update(readFileSync(path)).digest());
    else if (kind === 'l') hash.update(readlinkSync(path));
    else for (const child of readdirSync(path).sort()) visit(join(path, child), `${name}/${child}`);
  };
  visit(root, '');
  return hash.digest('hex');
}
