/** The tree that is read: files and folders of it, links never followed, nothing outside of it. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, SourceFile, sys, tryBytesToText } from '../base/index.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Scripts and settings: they are taken apart sign by sign. */
const MAX_TEXT_BYTES = 1024 * 1024;

export class Folder {
  readonly path: string;
  /** As the user named it. */
  readonly shown: string;

  constructor(path: string, shown: string) {
    this.path = path;
    this.shown = shown;
  }

  /** `''` is the folder itself. Links on the way are not followed: what lies behind one is not there. */
  kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
    const steps = path === '' ? [] : path.split('/');
    if (steps.includes('..') || steps.includes('')) return undefined;
    let at = this.path;
    for (const [index, step] of ['', ...steps].entries()) {
      at = step === '' ? at : join(at, step);
      const stat = sys('examine', at, () => lstatSync(at, { throwIfNoEntry: false }));
      // The folder itself may be a link: the user named it.
      if (index === 0) continue;
      if (stat === undefined) return undefined;
      const isLast = index === steps.length;
      if (stat.isDirectory()) {
        if (isLast) return 'folder';
      } else if (!isLast) return undefined;
      else return stat.isFile() ? 'file' : 'other';
    }
    return 'folder';
  }

  isExecutable(path: string): boolean {
    return (lstatSync(join(this.path, path)).mode & 0o100) !== 0;
  }

  /** Names in a folder, sorted bytewise; none where there is none. */
  names(path: string): readonly string[] {
    if (this.kindOf(path) !== 'folder') return [];
    const at = join(this.path, path);
    return sys('read', at, () => readdirSync(at)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** @throws Fault E-IMPORT-007 larger than anything in such a tree */
  data(path: string): Uint8Array {
    const at = join(this.path, path);
    const { size } = sys('examine', at, () => lstatSync(at));
    if (size > MAX_FILE_BYTES) throw new Fault('E-IMPORT-007', `'${join(this.shown, path)}' has ${size} bytes`);
    return sys('read', at, () => readFileSync(at));
  }

  source(path: string): SourceFile {
    return new SourceFile(join(this.shown, path), Buffer.from(this.data(path)).toString('latin1'));
  }

  /** @throws Fault E-IMPORT-002 not UTF-8, or with a NUL, which no text of ours can hold · E-IMPORT-007 too large for what people write */
  text(path: string): string {
    const at = join(this.path, path);
    const { size } = sys('examine', at, () => lstatSync(at));
    if (size > MAX_TEXT_BYTES) {
      throw new Fault('E-IMPORT-007', `'${join(this.shown, path)}' has ${size} bytes, a script has at most ${MAX_TEXT_BYTES}`);
    }
    const text = tryBytesToText(Buffer.from(this.data(path)).toString('latin1'));
    if (text === undefined) throw new Fault('E-IMPORT-002', `'${join(this.shown, path)}' is not UTF-8`);
    if (text.includes('\0')) throw new Fault('E-IMPORT-002', `'${join(this.shown, path)}' holds a NUL byte`);
    return text;
  }

  /** Regular files below a folder, relative to it, sorted; `others` gets links and the like. */
  filesBelow(path: string, others: string[] = []): readonly string[] {
    const found: string[] = [];
    const open = [''];
    for (let below = open.pop(); below !== undefined; below = open.pop()) {
      for (const name of this.names(join(path, below))) {
        const inner = below === '' ? name : `${below}/${name}`;
        const kind = this.kindOf(join(path, inner));
        if (kind === 'folder') open.push(inner);
        else if (kind === 'file') found.push(inner);
        else others.push(inner);
      }
    }
    return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
