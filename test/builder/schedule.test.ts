import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { historyEntries, packageName, takenBefore } from '../../builder/history.ts';
import { schedule } from '../../builder/schedule.ts';
import { temporaryStore } from './support.ts';

const quiet = { onSkip: () => {}, isStopped: () => false };

test('tasks run in order, the longest way first, never more than allowed', async () => {
  const tasks = [
    { key: 'a', waitsFor: [], weight: 1 },
    { key: 'b', waitsFor: [], weight: 1 },
    { key: 'long', waitsFor: ['b'], weight: 50 },
    { key: 'end', waitsFor: ['a', 'long'], weight: 1 },
  ];
  const order: string[] = [];
  const run = async (key: string) => {
    order.push(key);
    await Promise.resolve();
    return 'done' as const;
  };
  await schedule(tasks, { jobs: 1, run, ...quiet });
  assert.deepEqual(order, ['b', 'long', 'a', 'end']);
});

test('scheduling, whatever the graph', async () => {
  const node = fc.record({
    inputs: fc.array(fc.nat(20), { maxLength: 3 }),
    isGood: fc.boolean(),
    size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
    isReleasing: fc.boolean(),
    isBeside: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(node, { maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (nodes, jobs, besides) => {
        const tasks = nodes.map(({ inputs, size, isBeside }, key) => ({
          isBeside,
          key,
          waitsFor: inputs.filter((input) => input < key),
          weight: 1,
          size,
        }));
        const room = 10;
        const ended = new Map<number, string>();
        const released: (() => void)[] = [];
        const running = new Set<number>();
        const slots = new Set<number>();
        await schedule(tasks, {
          jobs,
          besides,
          room,
          run: async (key, slot, release) => {
            const { size, isGood, isReleasing, isBeside } = nodes[key]!;
            assert.ok(!slots.has(slot) && (isBeside ? slot >= jobs && slot < jobs + besides : slot < jobs));
            slots.add(slot);
            running.add(key);
            const sized = [...running].filter((each) => nodes[each]!.size > 0);
            const taken = sized.reduce((sum, each) => sum + nodes[each]!.size, 0);
            assert.ok(size === 0 || taken <= room || sized.length === 1, `${taken} in ${room}`);
            for (const input of tasks[key]!.waitsFor) assert.equal(ended.get(input), 'done');
            await new Promise(setImmediate);
            running.delete(key);
            slots.delete(slot);
            if (isReleasing) {
              // Ends when nothing else can go on: what it shares is done for all at once.
              const shared = new Promise<void>((resolve) => released.push(resolve));
              release();
              await shared;
            }
            const end = isGood ? 'done' : 'failed';
            ended.set(key, end);
            return end;
          },
          onStarved: () => {
            for (const resolve of released.splice(0)) resolve();
          },
          onSkip: (key) => {
            assert.equal(ended.has(key), false);
            ended.set(key, 'skipped');
          },
          isStopped: () => false,
        });
        assert.equal(ended.size, tasks.length);
        for (const [key, end] of ended)
          if (end === 'skipped') assert.ok(tasks[key]!.waitsFor.some((input) => ended.get(input) !== 'done'));
      },
    ),
    { numRuns: 60 },
  );
});

test('what waits for a network keeps nothing else from running, and has a limit of its own', async () => {
  const tasks = ['fetch 1', 'fetch 2', 'fetch 3', 'build 1', 'build 2'].map((key) => ({
    key,
    waitsFor: key === 'build 2' ? ['fetch 1'] : [],
    weight: 1,
    isBeside: key.startsWith('fetch'),
  }));
  const running = new Map<string, () => void>();
  const ended = schedule(tasks, {
    jobs: 1,
    besides: 2,
    run: (key) => new Promise((resolve) => running.set(key, () => resolve('done'))),
    ...quiet,
  });
  const end = async (key: string) => {
    running.get(key)!();
    running.delete(key);
    await new Promise(setImmediate);
    return new Set(running.keys());
  };
  assert.deepEqual(new Set(running.keys()), new Set(['build 1', 'fetch 1', 'fetch 2']));
  assert.deepEqual(await end('fetch 1'), new Set(['build 1', 'fetch 2', 'fetch 3']));
  assert.deepEqual(await end('build 1'), new Set(['build 2', 'fetch 2', 'fetch 3']));
  assert.deepEqual(await end('build 2'), new Set(['fetch 2', 'fetch 3']));
  await end('fetch 2');
  await end('fetch 3');
  await ended;
});

test('what needs much room waits for its turn, and small ones pass it', async () => {
  const sizes: Readonly<Record<string, number>> = { big: 6, huge: 9, other: 3, small: 0, tiny: 0 };
  const tasks = Object.entries(sizes).map(([key, size], index) => ({ key, waitsFor: [], weight: 10 - index, size }));
  const events: string[] = [];
  await schedule(tasks, {
    jobs: 3,
    room: 10,
    run: async (key) => {
      events.push(`+${key}`);
      // The larger, the longer.
      for (let i = 0; i <= sizes[key]!; i++) await new Promise(setImmediate);
      events.push(`-${key}`);
      return 'done';
    },
    ...quiet,
  });
  // `other` would fit beside `big`, but `huge` was before it.
  assert.deepEqual(events.slice(0, 3), ['+big', '+small', '+tiny']);
  assert.ok(events.indexOf('-big') < events.indexOf('+huge'));
  assert.ok(events.indexOf('-huge') < events.indexOf('+other'));
});

test('the name of a package, without its version', () => {
  const cases = ['gcc-14.2.0', 'gcc-pass1-14.2', 'pyyaml-pass2-6.0', 'dialog-1.3-20260107', 'top', '-odd', 'gtk+3-3.24'];
  assert.deepEqual(cases.map(packageName), ['gcc', 'gcc-pass1', 'pyyaml-pass2', 'dialog', 'top', '-odd', 'gtk+3']);
});

test('a new version is expected to take what the old one took', (t) => {
  const store = temporaryStore(t);
  assert.equal(takenBefore(store, 'zlib-1.3'), undefined);
  store.cachePut(historyEntries('zlib-1.3', { seconds: 12.5, peakBytes: 3e8 }));
  assert.deepEqual(takenBefore(store, 'zlib-1.4'), { seconds: 12.5, peakBytes: 3e8 });
  store.cachePut(historyEntries('zlib-1.4', { seconds: 2, peakBytes: 0 }));
  assert.deepEqual(takenBefore(store, 'zlib-1.3'), { seconds: 12.5, peakBytes: 3e8 });
  assert.deepEqual(takenBefore(store, 'zlib-1.5'), { seconds: 2, peakBytes: 0 });
  // As an older igos wrote it.
  store.cachePut([['build-seconds zlib-1.6', '7.25']]);
  assert.deepEqual(takenBefore(store, 'zlib-1.6'), { seconds: 7.25, peakBytes: 0 });
});
