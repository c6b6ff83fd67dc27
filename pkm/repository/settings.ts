/**
 * The repositories of a root: a file `<name>.conf` each in `etc/igos/repositories.d/`, of lines `key = value`. Files, so that packages
 * can bring them and admins can read them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToText, compareBytes, Fault, SourceFile, sys } from '../../base/index.ts';
import { printable } from '../names.ts';
import { IDENTITY_WORDS, isIdentity } from './identity.ts';

export interface RepositorySettings {
  /** The file's name without `.conf`. */
  readonly name: string;
  /** Addresses of equal content, tried in order; the first is the repository's identity. Folders: with a slash at their end. */
  readonly addresses: readonly URL[];
  /** What a repository of higher priority offers hides what others offer under the same name. */
  readonly priority: number;
  readonly isEnabled: boolean;
  /** What its indexes must call it; without: what they called it first. */
  readonly identity?: string;
  /** Only these keys are trusted for it, as text; empty: all of `etc/igos/trusted-keys`. */
  readonly keys: readonly string[];
}

export const DEFAULT_PRIORITY = 100;
const SUFFIX = '.conf';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Sorted by priority, then by name. @throws Fault E-PKM-070 a file that makes no sense */
export function readRepositories(folder: string): RepositorySettings[] {
  if (!existsSync(folder)) return [];
  const files = sys('read', folder, () => readdirSync(folder)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
  const found = files.sort(compareBytes).map((file) => {
    const path = join(folder, file);
    return decodeSettings(
      file.slice(0, -SUFFIX.length),
      new SourceFile(
        path,
        sys('read', path, () => readFileSync(path, 'latin1')),
      ),
    );
  });
  const seen = new Map<string, string>();
  for (const { name, addresses } of found) {
    const { href } = addresses[0]!;
    const other = seen.get(href);
    if (other !== undefined) {
      throw new Fault('E-PKM-070', `repositories '${other}' and '${name}' have the same address`, {
        hints: ['remove one of the two files'],
      });
    }
    seen.set(href, name);
  }
  return found.sort((a, b) => b.priority - a.priority || compareBytes(a.name, b.name));
}

/** @throws Fault E-PKM-070 */
export function decodeSettings(name: string, source: SourceFile): RepositorySettings {
  // A user and a password in an address are shown to nobody, also where the address is wrong.
  const shown = new SourceFile(
    source.name,
    source.text.replace(/\/\/\S*@/g, (found) => `//${'*'.repeat(found.length - 3)}@`),
  );
  const refuse = (start: number, end: number, why: string, hints: readonly string[]): Fault =>
    new Fault('E-PKM-070', `the file of repository '${printable(name)}' makes no sense: ${why}`, {
      labels: [{ source: shown, start, end, text: '' }],
      hints,
    });
  if (!NAME.test(name)) throw refuse(0, 0, 'its name is none for a repository', ['use letters, digits and . _ - only']);
  const addresses: URL[] = [];
  const mirrors: URL[] = [];
  const keys: string[] = [];
  let priority = DEFAULT_PRIORITY;
  let isEnabled = true;
  let identity: string | undefined;
  let start = 0;
  for (const line of source.text.split('\n')) {
    const end = start + line.length;
    const fail = (why: string, ...hints: string[]): Fault => refuse(start, end, why, hints);
    const text = bytesToText(line)
      .replace(/(^|\s)#.*/, '')
      .trim();
    const match = /^([a-z]+)\s*=\s*(\S.*)$/.exec(text);
    if (text !== '' && match === null)
      throw fail("a line is not 'key = value'", 'as in: address = https://example.org/packages/');
    const [, key, value = ''] = match ?? [];
    if (key === 'address' && addresses.length > 0) throw fail('it has two addresses', "write 'mirror' for the second one");
    else if (key === 'address') addresses.push(parse(value, fail));
    else if (key === 'mirror') mirrors.push(parse(value, fail));
    else if (key === 'key') keys.push(value);
    else if (key === 'priority') {
      if (!/^-?\d{1,6}$/.test(value)) throw fail('a priority is an integer', 'the highest is asked first; 100 is usual');
      priority = Number(value);
    } else if (key === 'enabled') {
      if (!/^(yes|no|true|false)$/.test(value)) throw fail("enabled is 'yes' or 'no'");
      isEnabled = value === 'yes' || value === 'true';
    } else if (key === 'identity') {
      if (identity !== undefined) throw fail('it has two identities', 'a repository has one');
      if (!isIdentity(value)) throw fail('it cannot be an identity', IDENTITY_WORDS);
      identity = value;
    } else if (key !== undefined)
      throw fail(`it knows no '${key}'`, 'the keys are: address, mirror, priority, key, enabled, identity');
    start = end + 1;
  }
  if (addresses.length === 0) throw refuse(0, 0, 'it has no address', ['as in: address = https://example.org/packages/']);
  return {
    name,
    addresses: [...addresses, ...mirrors],
    priority,
    isEnabled,
    ...(identity === undefined ? {} : { identity }),
    keys,
  };
}

function parse(value: string, fail: (why: string, ...hints: string[]) => Fault): URL {
  const url = tryFolderAddress(value);
  if (url === undefined) throw fail('an address begins with file:, http: or https:', "as in 'https://example.org/packages/'");
  return url;
}

/** With a slash at its end, so that names are resolved inside. */
export function tryFolderAddress(address: string): URL | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['file:', 'http:', 'https:'].includes(url.protocol)) return undefined;
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}
