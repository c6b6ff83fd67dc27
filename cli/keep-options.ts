import { type Arguments, UsageError } from './arguments.ts';
import type { Option } from './command.ts';
import type { Context } from './context.ts';

/** What `igos gc` and `igos store why-live` share: which of derivations and outputs keep each other. */
export const KEEP_OPTIONS: readonly Option[] = [
  {
    long: 'keep-derivations',
    doc: 'keep the derivations of what is kept (default; IGOS_KEEP_DERIVATIONS=0 changes that)',
  },
  { long: 'no-keep-derivations', doc: 'do not' },
  { long: 'keep-outputs', doc: 'keep the outputs of derivations that are kept (default: not; IGOS_KEEP_OUTPUTS=1 changes that)' },
  { long: 'no-keep-outputs', doc: 'do not' },
];

export function keepOptions(context: Context, args: Arguments): { keepDerivations: boolean; keepOutputs: boolean } {
  const setting = (name: string, fallback: boolean): boolean => {
    if (args.has(name) && args.has(`no-${name}`)) throw new UsageError(`--${name} and --no-${name} contradict each other`);
    if (args.has(name)) return true;
    if (args.has(`no-${name}`)) return false;
    const value = context.environment[`IGOS_${name.toUpperCase().replaceAll('-', '_')}`] ?? '';
    return value === '' ? fallback : ['1', 'true', 'yes', 'on'].includes(value);
  };
  return { keepDerivations: setting('keep-derivations', true), keepOutputs: setting('keep-outputs', false) };
}
