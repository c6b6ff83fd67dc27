/** `<home>/etc/caches.conf`: which caches a store asks, and whose signatures it believes. */
import { existsSync, readFileSync } from 'node:fs';
import { Fault, sys } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';

export interface CacheSettings {
  readonly substituters: readonly string[];
  /** `name:base64`. */
  readonly trustedKeys: readonly string[];
}

const settingsPath = (home: string): string => `${home}/etc/caches.conf`;

/** Nothing where there is no such file. @throws Fault E-CACHE-010 · SystemFault */
export function readSettings(home: string): CacheSettings {
  const path = settingsPath(home);
  if (!existsSync(path)) return { substituters: [], trustedKeys: [] };
  return parseSettings(
    sys('read', path, () => readFileSync(path, 'utf8')),
    path,
  );
}

/** Values of a name that is there twice are put together. @throws Fault E-CACHE-010 */
export function parseSettings(text: string, path: string): CacheSettings {
  const values = new Map<string, string[]>([
    ['substituters', []],
    ['trusted-public-keys', []],
  ]);
  text.split('\n').forEach((line, i) => {
    const content = line.replace(/(?:^|\s)#.*/, '').trim();
    if (content === '') return;
    const [, name = '', value = ''] = /^([a-z-]+)\s*=\s*(.*)$/.exec(content) ?? [];
    const list = values.get(name);
    if (list === undefined) {
      throw new Fault('E-CACHE-010' satisfies CacheCode, `'${content}' in line ${i + 1} of '${path}' is not understood`, {
        hints: [`lines begin with ${[...values.keys()].map((known) => `'${known} ='`).join(' or ')}`],
      });
    }
    list.push(...value.split(/\s+/).filter((word) => word !== ''));
  });
  return { substituters: values.get('substituters')!, trustedKeys: values.get('trusted-public-keys')! };
}
