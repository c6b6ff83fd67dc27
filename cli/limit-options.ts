/** Limits on each build, as options of the commands that build. */
import type { BuildLimits } from '../builder/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { further, type Option } from './command.ts';
import { parseSize } from './quantities.ts';

export const LIMIT_OPTIONS: readonly Option[] = further([
  { long: 'timeout', values: ['TIME'], doc: 'end a build that takes longer: 90 (seconds), 10m, 2h' },
  { long: 'max-silent', values: ['TIME'], doc: 'end a build that prints nothing for so long' },
  { long: 'max-log-size', values: ['SIZE'], doc: 'end a build that prints more: 500K, 64M' },
  {
    long: 'max-memory',
    values: ['SIZE'],
    doc: 'the memory that all processes of one build may have together: 2G; where the machine has no cgroup for it, each of them',
  },
  { long: 'max-tasks', values: ['N'], doc: 'processes and threads that one build may have (default: 16384)' },
]);

/** @throws UsageError */
export function limitsOf(args: Arguments): BuildLimits {
  const time = (name: string): number | undefined => {
    const text = args.value(name);
    return text === undefined ? undefined : parseTime(name, text) * 1000;
  };
  const size = (name: string): number | undefined => {
    const text = args.value(name);
    return text === undefined ? undefined : parseSize(name, text);
  };
  const limits = {
    timeoutMs: time('timeout'),
    maxSilentMs: time('max-silent'),
    maxLogBytes: size('max-log-size'),
    maxMemoryBytes: size('max-memory'),
    maxTasks: args.value('max-tasks') === undefined ? undefined : args.number('max-tasks', 1),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as BuildLimits;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
/** Timers take no more. */
const MAX_SECONDS = 2 ** 31 / 1000 - 1;

/** In seconds. */
function parseTime(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(number) * UNITS[unit ?? '']!;
  if (number === undefined || seconds <= 0 || seconds > MAX_SECONDS)
    throw new UsageError(`--${option} takes a time such as 90, 10m or 2h, at most 24d, not '${text}'`);
  return seconds;
}
