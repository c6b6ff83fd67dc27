/**
 * Limits on the memory and the tasks of one build as a whole, where this machine lets us set them: as root nearly everywhere, else in
 * the part of the tree that a service manager has handed over to the user. Both versions of the kernel's interface are spoken.
 *
 * A group is called `igos-PID-START-N` after the process that made it, so that what a killed igos leaves is known as such.
 *
 * @source cgroups(7); linux/Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '../base/index.ts';
import type { BuildLimits } from './types.ts';

export interface Cgroup {
  /** Files that a process writes `0` to and is inside. */
  readonly joinedBy: readonly string[];
  /** Whether the kernel has killed in it for want of memory. */
  wasOutOfMemory(): boolean;
  /** All its processes must have ended. */
  remove(): Promise<void>;
}

let nMade = 0;

/**
 * A group with the limits that are set; `undefined` where none is set, or this machine gives us no group for memory. Cost: some 0.1 ms.
 */
export function makeCgroup(limits: Pick<BuildLimits, 'maxMemoryBytes' | 'maxTasks'>): Cgroup | undefined {
  if (limits.maxMemoryBytes === undefined && limits.maxTasks === undefined) return undefined;
  const places = findPlaces();
  if (places === undefined) return undefined;
  const name = `${NAME_PREFIX}${process.pid}-${processStartTime(process.pid)}-${nMade++}`;
  const made: string[] = [];
  try {
    for (const place of new Set([places.memory, places.tasks ?? places.memory])) {
      mkdirSync(`${place}/${name}`);
      made.push(`${place}/${name}`);
    }
    setLimits(places, name, limits);
  } catch {
    for (const folder of made) removeQuietly(folder);
    return undefined;
  }
  const memory = `${places.memory}/${name}`;
  return {
    joinedBy: made.map((folder) => `${folder}/cgroup.procs`),
    wasOutOfMemory: () => {
      const counts = readQuietly(places.version === 2 ? `${memory}/memory.events` : `${memory}/memory.oom_control`) ?? '';
      return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1] ?? 0) > 0;
    },
    remove: async () => {
      for (const folder of made) {
        // The last of the killed processes may still be on its way out.
        for (let nTries = 0; !removeQuietly(folder) && nTries < 20; nTries++) await sleep(5);
      }
    },
  };
}

/** Whether `--max-memory` can be held for a build as a whole. */
export const hasMemoryGroups = (): boolean => findPlaces() !== undefined;

/** Removes the groups of processes that are gone. */
export function removeDeadCgroups(): void {
  const places = findPlaces();
  if (places === undefined) return;
  for (const place of new Set([places.memory, places.tasks ?? places.memory])) {
    for (const name of readdirSync(place)) {
      const [, pid, start] = /^igos-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid !== undefined && processStartTime(Number(pid)) !== start) removeQuietly(`${place}/${name}`);
    }
  }
}

const NAME_PREFIX = 'igos-';

interface Places {
  readonly version: 1 | 2;
  /** Folder that a group with a limit on memory can be made in. */
  readonly memory: string;
  /** The same for tasks. */
  readonly tasks: string | undefined;
}

let found: Places | undefined | null;

/** Looked for once a process. */
function findPlaces(): Places | undefined {
  if (found === undefined) {
    const own = ownGroups();
    found = placesOfVersion2(own) ?? placesOfVersion1(own) ?? null;
  }
  return found ?? undefined;
}

/** Controller ('' for version 2) → this process's own folder. */
function ownGroups(): ReadonlyMap<string, string> {
  const mounts = (readQuietly('/proc/self/mountinfo') ?? '').split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , top, place] = (before ?? '').split(' ');
    const [type, , options] = (after ?? '').split(' ');
    return type === 'cgroup' || type === 'cgroup2' ? [{ type, place: place!, top: top!, options: options!.split(',') }] : [];
  });
  const groups = new Map<string, string>();
  for (const line of (readQuietly('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) {
      const mount = mounts.find(({ type, options }) =>
        controller === '' ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
      );
      if (mount === undefined) continue;
      const below = mount.top === '/' ? path : path.startsWith(mount.top) ? path.slice(mount.top.length) : '';
      groups.set(controller, `${mount.place}${below === '/' ? '' : below}`);
    }
  }
  return groups;
}

/** Groups with processes cannot have children with limits: the next folder above that hands controllers down and is ours to write. */
export function placesOfVersion2(own: ReadonlyMap<string, string>, top = '/sys/fs/cgroup'): Places | undefined {
  for (let folder = own.get(''); folder?.startsWith(top); folder = dirname(folder)) {
    const handedDown = (readQuietly(`${folder}/cgroup.subtree_control`) ?? '').trim().split(' ');
    if (!handedDown.includes('memory') || !canMakeIn(folder)) continue;
    return { version: 2, memory: folder, tasks: handedDown.includes('pids') ? folder : undefined };
  }
  return undefined;
}

function placesOfVersion1(own: ReadonlyMap<string, string>): Places | undefined {
  const memory = own.get('memory');
  const tasks = own.get('pids');
  if (memory === undefined || !canMakeIn(memory)) return undefined;
  return { version: 1, memory, tasks: tasks !== undefined && canMakeIn(tasks) ? tasks : undefined };
}

function canMakeIn(folder: string): boolean {
  const probe = `${folder}/${NAME_PREFIX}${process.pid}-${processStartTime(process.pid)}-${nMade++}`;
  try {
    mkdirSync(probe);
  } catch {
    return false;
  }
  return removeQuietly(probe);
}

function setLimits({ version, memory, tasks }: Places, name: string, limits: BuildLimits): void {
  const { maxMemoryBytes, maxTasks } = limits;
  const set = (file: string, value: number): void => writeFileSync(file, String(value));
  if (maxTasks !== undefined && tasks !== undefined) set(`${tasks}/${name}/pids.max`, maxTasks);
  if (maxMemoryBytes === undefined) return;
  if (version === 2) {
    set(`${memory}/${name}/memory.max`, maxMemoryBytes);
    // What does not fit must not go to disk instead, and one process without the others is no build.
    trySet(`${memory}/${name}/memory.swap.max`, 0);
    trySet(`${memory}/${name}/memory.oom.group`, 1);
    return;
  }
  set(`${memory}/${name}/memory.limit_in_bytes`, maxMemoryBytes);
  trySet(`${memory}/${name}/memory.memsw.limit_in_bytes`, maxMemoryBytes);
}

/** Not every kernel accounts for swap. */
function trySet(file: string, value: number): void {
  try {
    writeFileSync(file, String(value));
  } catch {
    // the limit on memory stays
  }
}

function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

function removeQuietly(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
