/** Runs tasks that wait for each other, some at a time, those on the longest path first. Knows nothing of builds. */

export interface Task<K> {
  readonly key: K;
  readonly waitsFor: readonly K[];
  /** How long it may take, in any unit; tasks with the longest way to the end start first. */
  readonly weight: number;
  /** How much of `room` it takes while it runs, in any unit. Default: 0. */
  readonly size?: number;
  /** It waits mostly, for what is elsewhere: it takes none of the `jobs`, but one of `besides`. Default: no. */
  readonly isBeside?: boolean;
}

/** `done`: its dependents may start. `failed`: they are skipped. `stopped`: it was broken off, and nothing is said of them. */
export type TaskEnd = 'done' | 'failed' | 'stopped';

export interface ScheduleOptions<K> {
  readonly jobs: number;
  /** How many of those beside them run at a time. Default: 1. */
  readonly besides?: number;
  /**
   * What the sizes of all that runs may come to. What does not fit waits for others of a size to end, and those of a size that come
   * after it wait behind it, so that its turn comes; what is larger than all the room runs while nothing else of a size does.
   */
  readonly room?: number;
  /**
   * `slot`: 0 to jobs + besides − 1, no two at a time have the same. `release` gives it up before the end, for a task whose work is done but for
   * what others may share. Must not reject but for what ends everything.
   */
  readonly run: (key: K, slot: number, release: () => void) => Promise<TaskEnd>;
  /** One of the jobs is free and nothing could start in it, unless one of those that gave theirs up ends. */
  readonly onStarved?: () => void;
  readonly onSkip: (key: K, because: K) => void;
  /** Asked before each start: whether new tasks are still wanted. */
  readonly isStopped: () => boolean;
}

/**
 * Resolves when nothing runs and nothing can start any more.
 *
 * @param tasks  inputs before dependents; what a task waits for must be among them
 * @throws what `run` rejects with, after all that was running has ended
 */
export function schedule<K>(tasks: readonly Task<K>[], options: ScheduleOptions<K>): Promise<void> {
  const dependents = new Map<K, K[]>(tasks.map((task) => [task.key, []]));
  const waiting = new Map<K, number>();
  for (const task of tasks) {
    const inputs = new Set(task.waitsFor);
    waiting.set(task.key, inputs.size);
    for (const input of inputs) dependents.get(input)!.push(task.key);
  }
  const remaining = longestWays(tasks, dependents);
  const place = new Map(tasks.map((task, index) => [task.key, index]));
  const laneFrom = (slot: number, length: number): Lane<K> => ({
    ready: new Heap<K>((a, b) => remaining.get(b)! - remaining.get(a)! || place.get(a)! - place.get(b)!),
    freeSlots: Array.from({ length }, (_, index) => slot + index).reverse(),
  });
  const nJobs = Math.max(1, options.jobs);
  const jobs = laneFrom(0, nJobs);
  const besides = laneFrom(nJobs, Math.max(1, options.besides ?? 1));
  const lanes = new Map(tasks.map((task) => [task.key, task.isBeside === true ? besides : jobs]));
  const isReady = (key: K) => lanes.get(key)!.ready.push(key);
  for (const task of tasks) if (waiting.get(task.key) === 0) isReady(task.key);
  const sizes = new Map(tasks.map((task) => [task.key, task.size ?? 0]));
  const skipped = new Set<K>();
  let nRunning = 0;
  /** What those of a size that run come to. */
  let taken = 0;
  let failure: { error: unknown } | undefined;

  const skip = (failed: K) => {
    const stack = [...dependents.get(failed)!];
    for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
      if (skipped.has(key)) continue;
      skipped.add(key);
      options.onSkip(key, failed);
      stack.push(...dependents.get(key)!);
    }
  };
  /** The first that fits, or that nothing of its kind is before. */
  const choose = (ready: Heap<K>): K | undefined => {
    const passed: K[] = [];
    let chosen: K | undefined;
    for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
      const size = sizes.get(key)!;
      const fits = size === 0 || (passed.length === 0 && (taken === 0 || taken + size <= (options.room ?? Infinity)));
      if (fits) {
        chosen = key;
        break;
      }
      passed.push(key);
    }
    for (const key of passed) ready.push(key);
    return chosen;
  };
  return new Promise((resolve, reject) => {
    const next = () => {
      const goesOn = () => failure === undefined && !options.isStopped();
      for (const lane of [jobs, besides]) {
        while (lane.freeSlots.length > 0 && goesOn()) {
          const key = choose(lane.ready);
          if (key === undefined) break;
          start(key, lane);
        }
      }
      if (nRunning > 0) {
        if (jobs.freeSlots.length > 0 || !goesOn()) options.onStarved?.();
        return;
      }
      if (failure === undefined) resolve();
      else reject(failure.error as Error);
    };
    const start = (key: K, { freeSlots }: Lane<K>) => {
      const slot = freeSlots.pop()!;
      nRunning++;
      taken += sizes.get(key)!;
      let isReleased = false;
      const free = () => {
        if (isReleased) return;
        isReleased = true;
        freeSlots.push(slot);
        taken -= sizes.get(key)!;
      };
      const release = () => {
        free();
        next();
      };
      const end = (how: TaskEnd) => {
        free();
        finish(key, how);
      };
      options.run(key, slot, release).then(end, (error: unknown) => {
        failure ??= { error };
        end('failed');
      });
    };
    const finish = (key: K, end: TaskEnd) => {
      nRunning--;
      if (end === 'failed') skip(key);
      else if (end === 'done') {
        for (const dependent of dependents.get(key)!) {
          const left = waiting.get(dependent)! - 1;
          waiting.set(dependent, left);
          if (left === 0 && !skipped.has(dependent)) isReady(dependent);
        }
      }
      next();
    };
    next();
  });
}

/** Tasks that share slots, and these. */
interface Lane<K> {
  readonly ready: Heap<K>;
  readonly freeSlots: number[];
}

/** For each task the weight of the heaviest chain from it to an end. */
function longestWays<K>(tasks: readonly Task<K>[], dependents: ReadonlyMap<K, readonly K[]>): Map<K, number> {
  const ways = new Map<K, number>();
  for (const task of tasks.toReversed()) {
    let longest = 0;
    for (const dependent of dependents.get(task.key)!) longest = Math.max(longest, ways.get(dependent) ?? 0);
    ways.set(task.key, longest + task.weight);
  }
  return ways;
}

/** A binary heap: the least first, as `compare` says. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(items[at]!, items[parent]!) >= 0) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < items.length && this.#compare(items[child]!, items[least]!) < 0) least = child;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    [items[a], items[b]] = [items[b]!, items[a]!];
  }
}
