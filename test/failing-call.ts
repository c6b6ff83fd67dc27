/** A disk that fails, for what runs inside of the test: programs of their own get theirs by `store/ordeal/steps.ts`. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import type { TestContext } from 'node:test';
import { getSystemErrorName } from 'node:util';

/** Has calls of `node:fs` fail until the test says otherwise. @param isDue  is given what the call is */
export function failing(
  t: TestContext,
  name: 'accessSync' | 'renameSync' | 'symlinkSync' | 'unlinkSync' | 'writeSync',
  code: keyof typeof constants.errno,
  isDue: (...args: unknown[]) => boolean,
): () => void {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const mocked = t.mock.method(fs, name, (...args: unknown[]) => {
    if (!isDue(...args)) return original(...args);
    // As Node does, which does not know all of them by name.
    const errno = -constants.errno[code];
    throw Object.assign(new Error(`${code}: injected`), { code: getSystemErrorName(errno), errno, syscall: name });
  });
  syncBuiltinESMExports();
  return () => {
    mocked.mock.restore();
    syncBuiltinESMExports();
  };
}
