/**
 * Names of ISO 9660 itself: capitals, digits and `_`, each once in its folder. Nobody sees them where Rock Ridge is read, but the order of
 * a folder is theirs.
 */
import { type Bytes, compareBytes } from '../../base/index.ts';

/** Level 3 has 31 for a folder, and 30 for a file with what follows its dot. */
const BASE_CHARACTERS = 26;
const EXTENSION_CHARACTERS = 3;

export interface IsoName {
  readonly base: Bytes;
  /** Always empty for folders. */
  readonly extension: Bytes;
}

const plain = (text: Bytes): Bytes => text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** Names for all that stands in one folder, in its order. */
export function isoNames(files: readonly { readonly name: Bytes; readonly isFolder: boolean }[]): IsoName[] {
  const taken = new Set<Bytes>();
  const lastNumbers = new Map<Bytes, number>();
  return files.map(({ name, isFolder }) => {
    const dot = isFolder ? -1 : name.lastIndexOf('.');
    const extension = dot > 0 ? plain(name.slice(dot + 1)).slice(0, EXTENSION_CHARACTERS) : '';
    const wanted = plain(dot > 0 ? name.slice(0, dot) : name).slice(0, BASE_CHARACTERS);
    let base = wanted;
    for (let number = lastNumbers.get(`${wanted}.${extension}`) ?? 0; taken.has(`${base}.${extension}`); ) {
      base = wanted.slice(0, BASE_CHARACTERS - String(++number).length) + number;
      lastNumbers.set(`${wanted}.${extension}`, number);
    }
    taken.add(`${base}.${extension}`);
    return { base, extension };
  });
}

export const compareIsoNames = (a: IsoName, b: IsoName): number =>
  compareBytes(a.base, b.base) || compareBytes(a.extension, b.extension);

export const isoIdentifier = ({ base, extension }: IsoName, isFolder: boolean): Bytes =>
  isFolder ? base : `${base}.${extension};1`;
