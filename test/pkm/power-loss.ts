/**
 * Power that fails: what was written and not synced may be there or not, each change by itself. A run is recorded through the
 * io layer; then, from what was durable at some moment, random selections of the changes that came after it are done again, as a
 * disk without any order among them might have kept them. The root must be exactly N or N+1 when it is opened.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, realpathSync, rmSync, truncateSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type RootIo, realIo } from '../../pkm/index.ts';
import type { FileMaker, NewFile } from '../../pkm/loops/creation.ts';
import { checkRecovered, copySandbox, prepare } from './crash-harness.ts';
import type { Scenario } from './crash-scenarios.ts';
import type { Sandbox } from './support.ts';

interface Context {
  after(work: () => void): void;
}

interface Change {
  readonly name: string;
  /** Does it again; on failure nothing. */
  again(): void;
  /** A file that it wrote. */
  readonly file: string | undefined;
}

/** What was certainly on the disk, and what was perhaps. */
interface Moment {
  readonly durable: string;
  readonly changes: Change[];
}

function recordingIo(moments: Moment[], take: () => string): RootIo {
  return new Proxy(realIo, {
    get(target, key, receiver) {
      const method = Reflect.get(target, key, receiver) as (...args: unknown[]) => unknown;
      const name = String(key);
      return (...args: unknown[]): unknown => {
        const result = method.apply(target, args);
        const before = moments.at(-1)!;
        if (name === 'syncFileSystem') {
          moments.push({ durable: take(), changes: [] });
          return result;
        }
        if (name === 'commit' || (name === 'writeOwn' && (args[2] as { sync?: boolean } | undefined)?.sync !== false)) {
          // SQLite syncs the database itself, and a file of pkm's own is synced alone: what is around them is not yet.
          moments.push({ durable: takeOwn(before, name, args, take), changes: [...before.changes] });
          return result;
        }
        if (name === 'fileMaker') {
          const [folder, mtimeSeconds] = args as Parameters<RootIo['fileMaker']>;
          const maker = result as ReturnType<RootIo['fileMaker']>;
          return maker === undefined ? undefined : recordingMaker(maker, folder, mtimeSeconds, moments);
        }
        if (name === 'renameMany') {
          const [folder, moves] = args as Parameters<RootIo['renameMany']>;
          for (const { from, to } of result === undefined ? [] : moves) {
            const again = (): void => realIo.rename(join(folder, from), join(folder, to));
            before.changes.push({ name: 'rename', file: undefined, again });
          }
          return result;
        }
        if (name === 'writeFile') {
          const [path, metadata] = args as [string, Parameters<RootIo['writeFile']>[1]];
          const writer = result as ReturnType<RootIo['writeFile']>;
          const parts: Buffer[] = [];
          before.changes.push({ name, file: path, again: () => realIo.createFile(path, Buffer.concat(parts), metadata) });
          const write = (data: Uint8Array): void => {
            parts.push(Buffer.from(data));
            writer.write(data);
          };
          return { ...writer, write };
        }
        const copied = args.map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg) : arg));
        const isFile = name === 'createFile' || name === 'copyFile' || name === 'writeOwn';
        const paths = args.flatMap((arg) => (typeof arg === 'string' && isAbsolute(arg) ? [arg] : []));
        // A change belongs to the folder it was made in, not to what a symlink that was not lost makes of its name.
        const again = (): void => {
          if (paths.every((path) => !existsSync(dirname(path)) || realpathSync(dirname(path)) === dirname(path)))
            method.apply(target, copied);
        };
        before.changes.push({ name, again, file: isFile ? String(args[name === 'copyFile' ? 1 : 0]) : undefined });
        return result;
      };
    },
  });
}

/** What it is given may be written at any time before the next sync. */
function recordingMaker(maker: FileMaker, folder: string, mtimeSeconds: number, moments: Moment[]): FileMaker {
  return new Proxy(maker, {
    get(target, key) {
      const method = Reflect.get(target, key, target) as (...args: unknown[]) => unknown;
      return (...args: unknown[]): unknown => {
        if (key === 'add') {
          const { name, data, mode } = args[0] as NewFile;
          const file = join(folder, name);
          const copy = Buffer.from(data);
          const again = (): void => realIo.createFile(file, copy, { mode, owner: undefined, mtimeSeconds });
          moments.at(-1)!.changes.push({ name: 'createFile', file, again });
        }
        return method.apply(target, args);
      };
    },
  });
}

/** A copy of the earlier durable state with the database, or the one file, as it is now. */
function takeOwn(before: Moment, name: string, args: readonly unknown[], take: () => string): string {
  const now = take();
  const mixed = `${now}-mixed`;
  execFileSync('cp', ['-a', before.durable, mixed]);
  const state = 'root/var/lib/igos';
  const files =
    name === 'commit'
      ? ['pkm.db', 'pkm.db-wal', 'pkm.db-shm'].map((file) => `${state}/${file}`)
      : [String(args[0]).slice(String(args[0]).indexOf('/root/') + 1)];
  for (const file of files) {
    rmSync(join(mixed, file), { force: true });
    if (existsSync(join(now, file)) && existsSync(join(mixed, file, '..')))
      cpSync(join(now, file), join(mixed, file), { preserveTimestamps: true });
  }
  rmSync(now, { recursive: true });
  return mixed;
}

/** @param nTrials  random selections for each moment, beside none, all, and all with empty files */
export async function losePower(t: Context, scenario: Scenario, nTrials: number, seed: number): Promise<number> {
  const prepared = await prepare(t, scenario);
  const box = copySandbox(t, prepared.template);
  const kept = `${box.base}-kept`;
  t.after(() => rmSync(kept, { recursive: true, force: true }));
  let n = 0;
  const take = (): string => {
    const folder = join(kept, String(n++));
    execFileSync('mkdir', ['-p', kept]);
    execFileSync('cp', ['-a', box.base, folder]);
    return folder;
  };
  const moments: Moment[] = [{ durable: take(), changes: [] }];
  await scenario.act(box, recordingIo(moments, take));
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let nChecked = 0;
  for (const [index, { durable, changes }] of moments.entries()) {
    const check = (what: string, chosen: readonly Change[], areEmpty: boolean): void => {
      restore(box, durable);
      for (const change of chosen) {
        try {
          change.again();
          if (areEmpty && change.file !== undefined) truncateSync(change.file);
        } catch {
          // it stood on something that was lost
        }
      }
      checkRecovered(box, `${scenario.name}, power lost after sync ${index}: ${what}`, { ...prepared, seen: new Set() });
      nChecked += 1;
    };
    check('nothing more was kept', [], false);
    // Whatever ends the run is synced: after its last change nothing is left to lose.
    if (changes.length === 0) continue;
    check('all was kept', changes, false);
    check('names were kept, and no data', changes, true);
    for (let trial = 0; trial < nTrials; trial++) {
      const end = Math.floor(random() * (changes.length + 1));
      const share = random();
      const chosen = changes.slice(0, end).filter(() => random() < share);
      check(`${chosen.map((change) => change.name).join(' ')}`, chosen, random() < 0.5);
    }
  }
  return nChecked;
}

function restore(box: Sandbox, durable: string): void {
  rmSync(box.base, { recursive: true, force: true });
  execFileSync('cp', ['-a', durable, box.base]);
}
