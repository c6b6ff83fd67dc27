/** `check`: whether upstream's tests run, and what their failing means. */
import { didYouMean } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { entries, force, type Reading, readLine, wrong, wrongType } from './read-field.ts';

export interface CheckPolicy {
  /** `default`: nothing is said, so the style decides. */
  readonly kind: 'on' | 'off' | 'default' | 'known-failures';
  /** Why it is off, or why failures are no failures of the build. */
  readonly reason?: string;
}

/** True, false, `{ skip = "why"; }` or `{ knownFailures = "why"; }`: who is not strict says why. */
export function readCheck(reading: Reading): CheckPolicy {
  const value = force(reading);
  if (typeof value === 'boolean') return { kind: value ? 'on' : 'off' };
  if (!(value instanceof Attrs)) throw wrongType(reading, value);
  const [first, second] = entries(reading);
  if (first === undefined || second !== undefined)
    throw wrong(reading, first === undefined ? 'is empty' : `has both '${first[0]}' and '${second![0]}'`);
  const [name, reason, key] = first;
  if (name !== 'skip' && name !== 'knownFailures') {
    const hint = didYouMean(name, ['skip', 'knownFailures'])[0] ?? "it has 'skip' or 'knownFailures'";
    throw wrong(key, `has '${name}'`, { code: 'E-DECL-001', hint });
  }
  return { kind: name === 'skip' ? 'off' : 'known-failures', reason: readLine(reason) };
}
