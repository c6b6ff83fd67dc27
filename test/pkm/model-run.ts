/** Random sequences of everything that can happen to a root, done by pkm and by the model; after each step they must agree. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { compareBytes, Fault } from '../../base/index.ts';
import { type InstallRequest, type PackageImage, type Root, type RunInRoot, writeArchive } from '../../pkm/index.ts';
import { watchIo } from './crash-scenarios.ts';
import { Model, type Wish } from './model.ts';
import { descriptionOf, type ModelImage, modelImage } from './model-packages.ts';
import { anyStep, QUEUES, type Step } from './model-steps.ts';
import { Sandbox } from './support.ts';

interface Context {
  after(work: () => void): void;
}

/**
 * @param atEnd  looks at the root of each sequence, closed
 * @returns how many steps changed something
 */
export async function runModel(
  t: Context,
  numRuns: number,
  seed?: number,
  atEnd?: (box: Sandbox, steps: string) => Promise<void>,
): Promise<number> {
  let nChanges = 0;
  await fc.assert(
    fc.asyncProperty(anyScene, fc.array(anyStep, { minLength: 6, maxLength: 20 }), async (scene, steps) => {
      const box = new Sandbox(t);
      const one = new Sequence(box, scene);
      try {
        for (const each of steps) await one.take(each);
        nChanges += one.model.generation;
        await one.visitAll();
        one.root.close();
        await atEnd?.(box, JSON.stringify(steps));
      } finally {
        one.root.close();
        box.remove();
      }
    }),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
  return nChanges;
}

interface Scene {
  readonly isAtomic: boolean;
  /** Which packages come as archives; the others are of the store. */
  readonly archives: 'none' | 'some' | 'all';
}

const anyScene: fc.Arbitrary<Scene> = fc.record({
  isAtomic: fc.boolean(),
  archives: fc.constantFrom('none', 'some', 'all'),
});

class Died extends Error {}

class Sequence {
  readonly box: Sandbox;
  readonly #archives: Scene['archives'];
  readonly model: Model;
  root: Root;
  /** Lines that only the user wrote. */
  readonly #lines = new Set<string>();
  #nEdits = 0;
  /** After so many writes of the next change the process dies. */
  #nLeft: number | undefined;
  #isDead = false;
  /** What triggers were told. */
  readonly #runs: string[] = [];

  constructor(box: Sandbox, { isAtomic, archives }: Scene) {
    this.box = box;
    this.#archives = archives;
    this.model = new Model(isAtomic);
    this.root = this.#open();
    if (isAtomic) this.root.initAtomic();
  }

  #open(): Root {
    const runInRoot: RunInRoot = (_root, { argv, input }) => {
      this.#runs.push(input.trim());
      return argv[1] === 'true' ? { status: 'failed', detail: 'exit status 1' } : { status: 'ok', detail: '' };
    };
    const io = watchIo(() => {
      if (this.#isKilled()) throw new Died();
    });
    return this.box.open({ io, runInRoot });
  }

  #isKilled(): boolean {
    if (this.#nLeft === 0) this.#isDead = true;
    else if (this.#nLeft !== undefined) this.#nLeft -= 1;
    return this.#isDead;
  }

  async take(one: Step): Promise<void> {
    await this.#do(one);
    this.#agree(JSON.stringify(one));
  }

  /** Each generation that is kept can be gone back to. */
  async visitAll(): Promise<void> {
    for (const [index, state] of [...this.model.generations.entries()])
      if (state !== undefined) await this.take({ kind: 'rollback', index });
  }

  async #do(one: Step): Promise<void> {
    const { model } = this;
    switch (one.kind) {
      case 'install':
        return this.#install([modelImage(one.name, one.version)], { isDeclared: false });
      case 'queue': {
        const names = QUEUES[one.queue]!;
        const images = names.map((name) => modelImage(name, one.version));
        return this.#install(images, {
          isDeclared: one.isDeclared,
          explicit: one.isLastAsked ? new Set(names.slice(-1)) : undefined,
        });
      }
      case 'several':
      case 'switch': {
        const images = one.picks.map(({ name, version }) => modelImage(name, version));
        const explicit = new Set(one.picks.flatMap(({ name, isAsked }) => (isAsked ? [name] : [])));
        return this.#install(images, { explicit, isDeclared: one.isDeclared }, one.kind);
      }
      case 'remove':
        return this.#both(
          () => model.remove([one.name], one.force, one.cascade),
          () => this.root.remove([one.name], { force: one.force, cascade: one.cascade }),
        );
      case 'autoremove': {
        const names = model.orphans();
        return this.#both(
          () => model.remove(names, one.force, false),
          () => this.root.remove(this.root.orphans(), { force: one.force }),
        );
      }
      case 'mark': {
        const reason = one.isExplicit ? 'explicit' : 'dependency';
        return this.#both(
          () => model.mark(one.name, reason),
          () => this.root.mark([one.name], reason),
        );
      }
      case 'hold':
        return this.#both(
          () => model.hold(one.name, one.isHeld),
          () => this.root.hold([one.name], one.isHeld),
        );
      case 'rollback': {
        const target = one.index % (model.generation + 1);
        return this.#back(
          () => model.rollback(target),
          () => this.root.rollback(target),
        );
      }
      case 'roll packages': {
        const generation = one.index === undefined ? undefined : one.index % (model.generation + 1);
        return this.#back(
          () => model.rollbackPackages(one.names, generation),
          () => this.root.rollbackPackages(one.names, generation === undefined ? {} : { generation }),
        );
      }
      case 'gc':
        this.#alive();
        this.root.gc({ keepLast: one.keep });
        model.collect(one.keep);
        return;
      case 'repair':
        this.#alive();
        await this.root.repair();
        model.repair();
        return;
      case 'die':
        this.#nLeft = one.at;
        return;
      case 'reopen':
        this.#alive();
        this.root.close();
        this.root = this.#open();
        return;
      case 'tamper':
        return this.#tamper(one);
      case 'settle':
        return this.#settle(one);
      default:
        return this.#edit(one);
    }
  }

  #install(images: readonly ModelImage[], wish: Wish, kind: 'several' | 'switch' = 'several'): Promise<void> {
    const { model } = this;
    const { explicit } = wish;
    const request: InstallRequest = {
      archiveTrust: 'loose',
      ...(explicit === undefined ? {} : { explicit }),
      ...(wish.isDeclared ? { declared: ['util', 'old', 'mid'] } : {}),
    };
    return kind === 'switch'
      ? this.#both(
          () => model.switchTo(images, wish),
          async () => this.root.switchTo(await this.#real(images), request),
        )
      : this.#both(
          () => model.install(images, wish),
          async () => this.root.install(await this.#real(images), request),
        );
  }

  #real(images: readonly ModelImage[]): Promise<PackageImage[]> {
    return Promise.all(
      images.map(async (image): Promise<PackageImage> => {
        const { name, version } = image;
        const real = this.box.image(`${name} ${version}`, { ...image.files }, descriptionOf(image));
        if (this.#archives === 'none' || (this.#archives === 'some' && (name.length + version) % 2 === 0)) return real;
        const file = join(this.box.base, `${name}-${version}.igos.tar.gz`);
        if (!existsSync(file)) await writeArchive(real, file);
        return this.root.readArchive(file);
      }),
    );
  }

  async #back(predict: () => string | undefined, work: () => unknown): Promise<void> {
    const { model } = this;
    const before = model.generation;
    await this.#both(predict, work);
    if (model.generation === before && this.root.generation === before + 1) model.repeat();
  }

  /** Both do it, or both refuse it for the same reason; or the process dies, and what is found then is one or the other. */
  async #both(predict: () => string | undefined, work: () => unknown): Promise<void> {
    const { model } = this;
    const forget = model.save();
    const before = model.generation;
    const code = predict();
    this.#runs.length = 0;
    let found: string | undefined;
    try {
      await work();
    } catch (error) {
      if (this.#isDead) return this.#rise(before, forget);
      if (!(error instanceof Fault)) throw error;
      found = error.code;
      assert.equal(found, code, error.message);
    }
    assert.equal(found, code, 'the model refuses it, pkm does not');
    this.#alive();
    const isMade = code === undefined || code === 'E-PKM-042';
    const told = isMade && model.generation > before ? model.triggered?.join('\n') : undefined;
    assert.deepEqual(this.#runs, told === undefined ? [] : [told], 'what the trigger was told');
  }

  #rise(before: number, forget: () => void): void {
    const { model } = this;
    const told = model.triggered?.join('\n');
    try {
      this.root.close();
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    this.#alive();
    this.root = this.#open();
    const isMade = this.root.generation > before;
    if (!isMade) forget();
    // One that died after it ran, and before that was written, has run twice.
    assert.deepEqual([...new Set(this.#runs)], isMade && told !== undefined ? [told] : [], 'what the trigger was told');
  }

  #alive(): void {
    this.#nLeft = undefined;
    this.#isDead = false;
  }

  #settle({ file, take }: Step & { kind: 'settle' }): void {
    this.#alive();
    const conflicts = this.root.config().filter(({ state }) => state === 'conflict');
    const path = conflicts[file % Math.max(1, conflicts.length)]?.path;
    if (path === undefined) return;
    this.model.touched.add(path);
    try {
      this.root.settleConfig([{ path, take }]);
    } catch (error) {
      // Both changed the same lines, or the package's version was deleted.
      if (!(error instanceof Fault && ['E-PKM-061', 'E-PKM-062'].includes(error.code))) throw error;
      return;
    }
    assert.equal(
      this.root.config().some((one) => one.path === path && one.state === 'conflict'),
      false,
      `/${path} is settled`,
    );
  }

  #tamper({ file, how }: Step & { kind: 'tamper' }): void {
    const { box, model } = this;
    const paths = [...model.disk.keys()].filter((path) => model.state.rows.has(path)).sort(compareBytes);
    const path = paths[file % Math.max(1, paths.length)];
    if (path === undefined) return;
    const node = model.disk.get(path)!;
    if (node.text.startsWith('-> ') || how === 'remove') {
      rmSync(box.path(path));
      model.disk.delete(path);
    } else if (how === 'chmod') {
      chmodSync(box.path(path), 0o600);
      node.mode = 0o600;
    } else {
      const text = `evil ${this.#nEdits++}`;
      writeFileSync(box.path(path), text);
      node.text = text;
      node.mode = lstatSync(box.path(path)).mode & 0o7777;
    }
  }

  #edit(one: Step & { kind: 'edit' | 'delete' }): void {
    const paths = walk(this.box, 'etc').filter((path) => !/\.(new|pkmsave)(\.\d+)?$/.test(path));
    const path = paths[one.file % Math.max(1, paths.length)];
    if (path === undefined) return;
    this.model.touched.add(path);
    const old = readFileSync(this.box.path(path), 'utf8').split('\n');
    if (one.kind === 'delete') {
      for (const line of old) this.#lines.delete(line);
      rmSync(this.box.path(path));
      return;
    }
    const at = one.line % old.length;
    this.#lines.delete(old[at]!);
    old[at] = `mine ${this.#nEdits++} of ${path}`;
    this.#lines.add(old[at]);
    writeFileSync(this.box.path(path), old.join('\n'));
  }

  /** Disk, database and model. */
  #agree(where: string): void {
    const { box, model, root } = this;
    assert.equal(root.generation, model.generation, where);
    const onDisk = Object.fromEntries(walk(box, 'usr').map((path) => [path, look(box, path)]));
    const inModel = Object.fromEntries(
      [...model.disk].map(([path, { mode, text }]) => [path, text.startsWith('-> ') ? text : `${mode.toString(8)} ${text}`]),
    );
    assert.deepEqual(onDisk, inModel, `the disk after ${where}`);
    const packages = root.list({ all: true }).map(({ name, version, supersededBy, reason, fromGeneration }) => {
      return `${name} ${version} ${supersededBy} ${reason} since ${fromGeneration}`;
    });
    const modelled = [...model.state.packages].map(
      ([name, { version, supersededBy, reason, from }]) => `${name} ${version} ${supersededBy} ${reason} since ${from}`,
    );
    assert.deepEqual(packages.sort(compareBytes), modelled.sort(compareBytes), `the packages after ${where}`);
    assert.deepEqual(root.orphans(), model.orphans(), `what nobody needs after ${where}`);
    assert.deepEqual(
      root.holds().map(({ name }) => name),
      [...model.held].sort(compareBytes),
      `what is held after ${where}`,
    );
    const rows = root
      .list({ all: true })
      .flatMap(({ name }) =>
        root
          .files(name)
          .flatMap((row) =>
            row.kind === 'directory'
              ? []
              : [
                  `${row.path} ${row.owner} ${row.mode.toString(8)} ${row.kind === 'symlink' ? `-> ${row.target}` : row.sizeBytes}`,
                ],
          ),
      );
    const wanted = [...model.state.rows].map(
      ([path, { owner, mode, text }]) =>
        `${path} ${owner} ${mode.toString(8)} ${text.startsWith('-> ') ? text : Buffer.byteLength(text)}`,
    );
    assert.deepEqual(rows.sort(compareBytes), wanted.sort(compareBytes), `the rows after ${where}`);
    const report = root.verify();
    assert.deepEqual(
      report.problems.map((problem) => problem.path),
      model.damaged().sort(compareBytes),
      `verify after ${where}`,
    );
    assert.deepEqual([report.manifests, report.history, root.checkInvariants()], [[], undefined, []], where);
    assert.deepEqual(
      root.generations().map(({ number }) => number),
      model.generations.flatMap((state, number) => (state === undefined ? [] : [number])),
      where,
    );
    for (const [path, text] of model.config)
      if (!model.touched.has(path)) assert.equal(box.read(path), text, `/${path} after ${where}`);
    const lines = new Set(walk(box, 'etc').flatMap((path) => readFileSync(box.path(path), 'utf8').split('\n')));
    for (const line of this.#lines) assert.ok(lines.has(line), `the line '${line}' is lost after ${where}`);
  }
}

/** Files and symlinks below a folder, sorted. */
function walk(box: Sandbox, folder: string): string[] {
  if (!existsSync(box.path(folder))) return [];
  return readdirSync(box.path(folder))
    .sort(compareBytes)
    .flatMap((name) =>
      lstatSync(box.path(`${folder}/${name}`)).isDirectory() ? walk(box, `${folder}/${name}`) : [`${folder}/${name}`],
    );
}

function look(box: Sandbox, path: string): string {
  const stat = lstatSync(box.path(path));
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(box.path(path))}`;
  return `${(stat.mode & 0o7777).toString(8)} ${readFileSync(box.path(path), 'utf8')}`;
}
