/** Random sequences of everything that can happen to a root, done by pkm and by the model; after each step they must agree. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { compareBytes, Fault } from '../../base/index.ts';
import type { Root } from '../../pkm/index.ts';
import { Model, type ModelImage } from './model.ts';
import { type FileSpec, Sandbox } from './support.ts';

/** What a version of a plain package holds: deterministic, different from version to version. */
function plainFiles(name: string, version: number): Record<string, FileSpec> {
  const files: Record<string, FileSpec> = {
    [`usr/bin/${name}`]: { mode: version % 2 === 0 ? 0o755 : 0o4711, text: `${name} ${version >> 1}` },
    [`usr/share/${name}/stable`]: 'stable',
    [`usr/share/${name}/v${version}`]: `only in ${version}`,
    [`usr/lib/lib${name}.so`]: `-> lib${name}.so.${version}`,
    [`etc/${name}.conf`]: `top\n\nkey = ${version % 2}\n\nmiddle\n\nversion = ${version}\n`,
  };
  if (version % 2 === 0) files[`usr/share/${name}/even/deep/file`] = `${version}`;
  if (version === 3) files[`etc/${name}.d/extra.conf`] = `extra ${version}\n`;
  return files;
}

const plain = (name: string, version: number): ModelImage => ({
  name,
  version,
  files: plainFiles(name, version),
  supersedes: [],
});

/** util is split in two; old is followed by mid, and mid by new. */
const families: Readonly<Record<string, (version: number) => ModelImage>> = {
  util: (version) => ({
    name: 'util',
    version,
    files: {
      'usr/bin/mount': `mount ${version}`,
      'usr/bin/cal': 'cal',
      'usr/share/util/left': `left ${version}`,
      'etc/util.conf': `util ${version}\n`,
    },
    supersedes: [],
  }),
  'util-core': (version) => ({
    name: 'util-core',
    version,
    files: { 'usr/bin/mount': { mode: 0o4755, text: `core mount ${version}` }, 'etc/util.conf': `util core ${version}\n` },
    supersedes: ['util'],
  }),
  'util-extra': (version) => ({
    name: 'util-extra',
    version,
    files: { 'usr/bin/cal': 'cal', 'usr/bin/col': `col ${version}` },
    supersedes: ['util'],
  }),
  old: (version) => ({
    name: 'old',
    version,
    files: { 'usr/lib/x': `x ${version}`, 'usr/lib/only-old': `${version}` },
    supersedes: [],
  }),
  mid: (version) => ({
    name: 'mid',
    version,
    files: { 'usr/lib/x': `mid x ${version}`, 'usr/lib/only-mid': `${version}` },
    supersedes: ['old'],
  }),
  new: (version) => ({
    name: 'new',
    version,
    files: { 'usr/lib/x': `new x ${version}`, 'usr/lib/only-mid': 'taken' },
    supersedes: ['mid'],
  }),
};

const QUEUES = [
  ['util'],
  ['util-core', 'util-extra'],
  ['util', 'util-core', 'util-extra'],
  ['util-core'],
  ['util-extra'],
  ['old'],
  ['mid'],
  ['new'],
  ['mid', 'new'],
  ['old', 'mid', 'new'],
  ['new', 'mid'],
];
const NAMES = ['a', 'b', ...Object.keys(families)];

type Step =
  | { kind: 'install'; name: string; version: number }
  | { kind: 'queue'; queue: number; version: number }
  | { kind: 'remove'; name: string; force: boolean }
  | { kind: 'rollback'; index: number }
  | { kind: 'gc'; keep: number }
  | { kind: 'edit'; file: number; line: number }
  | { kind: 'delete'; file: number }
  | { kind: 'tamper'; file: number; how: 'write' | 'chmod' | 'remove' }
  | { kind: 'repair' }
  | { kind: 'reopen' };

const version = fc.integer({ min: 1, max: 4 });
const of = <K extends Step['kind'], T>(kind: K, rest: { [P in keyof T]: fc.Arbitrary<T[P]> }) =>
  fc.record({ kind: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Step>;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: of('install', { name: fc.constantFrom('a', 'b'), version }) },
  { weight: 6, arbitrary: of('queue', { queue: fc.nat(QUEUES.length - 1), version }) },
  { weight: 3, arbitrary: of('remove', { name: fc.constantFrom(...NAMES), force: fc.boolean() }) },
  { weight: 4, arbitrary: of('rollback', { index: fc.nat(30) }) },
  { weight: 1, arbitrary: of('gc', { keep: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: of('edit', { file: fc.nat(20), line: fc.nat(6) }) },
  { weight: 1, arbitrary: of('delete', { file: fc.nat(20) }) },
  { weight: 3, arbitrary: of('tamper', { file: fc.nat(40), how: fc.constantFrom('write', 'chmod', 'remove') }) },
  { weight: 1, arbitrary: of('repair', {}) },
  { weight: 1, arbitrary: of('reopen', {}) },
);

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
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 6, maxLength: 20 }), async (isAtomic, steps) => {
      const box = new Sandbox(t);
      const one = new Sequence(box, isAtomic);
      try {
        for (const each of steps) await one.take(each);
        nChanges += one.model.generation;
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

class Sequence {
  readonly box: Sandbox;
  readonly model: Model;
  root: Root;
  /** Lines that only the user wrote. */
  readonly #lines = new Set<string>();
  #nEdits = 0;

  constructor(box: Sandbox, isAtomic: boolean) {
    this.box = box;
    this.model = new Model(isAtomic);
    this.root = box.open();
    if (isAtomic) this.root.initAtomic();
  }

  async take(one: Step): Promise<void> {
    await this.#do(one);
    this.#agree(JSON.stringify(one));
  }

  async #do(one: Step): Promise<void> {
    const { box, model } = this;
    switch (one.kind) {
      case 'install':
      case 'queue': {
        const images =
          one.kind === 'install'
            ? [plain(one.name, one.version)]
            : QUEUES[one.queue]!.map((name) => families[name]!(one.version));
        const real = images.map((image) =>
          box.image(`${image.name} ${image.version}`, { ...image.files }, { supersedes: image.supersedes }),
        );
        return this.#both(model.install(images), () => this.root.install(real));
      }
      case 'remove':
        return this.#both(model.remove(one.name, one.force), () => this.root.remove([one.name], { force: one.force }));
      case 'rollback': {
        const target = one.index % (model.generation + 1);
        const before = model.generation;
        await this.#both(model.rollback(target), () => this.root.rollback(target));
        if (model.generation === before && this.root.generation === before + 1) model.repeat();
        return;
      }
      case 'gc':
        this.root.gc({ keepLast: one.keep });
        model.collect(one.keep);
        return;
      case 'repair':
        await this.root.repair();
        model.repair();
        return;
      case 'reopen':
        this.root.close();
        this.root = box.open();
        return;
      case 'tamper':
        return this.#tamper(one);
      default:
        return this.#edit(one);
    }
  }

  /** Both do it, or both refuse it for the same reason. */
  async #both(code: string | undefined, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      assert.equal(error.code, code, error.message);
      return;
    }
    assert.equal(code, undefined, 'the model refuses it, pkm does not');
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
    const packages = root
      .list({ all: true })
      .map(({ name, version: text, supersededBy }) => [name, { version: Number(text), supersededBy: [...supersededBy] }]);
    assert.deepEqual(Object.fromEntries(packages), Object.fromEntries(model.state.packages), `the packages after ${where}`);
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
