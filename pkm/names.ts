import { Fault } from '../base/index.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+~@:-]{0,127}$/;

/** Names become file names and lines of text manifests: what could break either is refused. @throws Fault E-PKM-001 */
export function checkPackageName(name: string): string {
  if (NAME.test(name)) return name;
  throw new Fault('E-PKM-001', `'${printable(name)}' is no package name`, {
    hints: ['use 1 to 128 of the characters A-Z a-z 0-9 . _ + @ -, starting with a letter or digit'],
  });
}

/** @throws Fault E-PKM-001 */
export function checkVersion(name: string, version: string): string {
  if (VERSION.test(version)) return version;
  throw new Fault('E-PKM-001', `'${printable(version)}' is no version (package '${printable(name)}')`, {
    hints: ['use 1 to 128 of the characters A-Z a-z 0-9 . _ + ~ @ : -, starting with a letter or digit'],
  });
}

/** Most paths: their characters take a byte each, and no part begins with a dot. */
const PLAIN_PATH = /^[\w+@~-][\w.+@~-]*(?:\/[\w+@~-][\w.+@~-]*)*$/;

/** Why a path may not be in a package, or `undefined` where it may. `path` is relative to the root. */
export function badPath(path: string): string | undefined {
  if (path.length <= 255 && PLAIN_PATH.test(path)) return undefined;
  if (path === '') return 'it is empty';
  if (path.includes('\0')) return 'it contains a NUL byte';
  if (/[\n\r]/.test(path)) return 'it contains a line break';
  if (path.startsWith('/')) return 'it is absolute';
  if (path.length > 4000) return 'it is longer than 4000 characters';
  for (const part of path.split('/')) {
    if (part === '..') return "it contains '..'";
    if (part === '' || part === '.') return 'it has an empty part';
    if (Buffer.byteLength(part) > 255) return 'a part of it is longer than 255 bytes';
  }
  return undefined;
}

/** Text from outside, safe to print: control characters become `?`, at most 200 characters. */
export const printable = (text: string): string => text.slice(0, 200).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');

/** Folder part of a relative path; '' for a top-level name. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Whether a relative path is a name in this folder, which is not the top. Cheaper than `parentOf` where most are. */
export const isIn = (folder: string, path: string): boolean =>
  folder !== '' && path.lastIndexOf('/') === folder.length && path.startsWith(folder);

/** The folders of many paths, most of which come folder by folder. */
export function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  let last = '';
  for (const path of paths) {
    if (isIn(last, path)) continue;
    last = parentOf(path);
    folders.add(last);
  }
  return folders;
}
