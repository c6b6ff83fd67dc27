/** Trees to add: the same bytes on every machine, made once. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const N_FILES = 20_000;

export interface Data {
  /** 20,000 files of up to 6 kB in 400 folders, all different. */
  readonly tree: string;
  /** The same, but every file is there twice. */
  readonly doubled: string;
  /** One file of 1 GiB. */
  readonly big: string;
}

/** Cost: some 30 s and 1.3 GB the first time. */
export function makeData(folder: string): Data {
  mkdirSync(folder, { recursive: true });
  const data = { tree: `${folder}/tree20k`, doubled: `${folder}/dup20k`, big: `${folder}/big1g` };
  once(data.tree, (path) => writeTree(path, (i) => i));
  once(data.doubled, (path) => writeTree(path, (i) => i >> 1));
  once(data.big, writeBig);
  return data;
}

function once(path: string, make: (path: string) => void): void {
  if (existsSync(path)) return;
  make(`${path}.part`);
  renameSync(`${path}.part`, path);
}

function writeTree(root: string, contentOf: (i: number) => number): void {
  for (let i = 0; i < N_FILES; i++) {
    const path = `${root}/d${i % 20}/s${Math.floor(i / 20) % 20}/file-${i}.txt`;
    mkdirSync(dirname(path), { recursive: true });
    const k = contentOf(i);
    writeFileSync(path, text(k, (k * 7919) % 6000));
    if (i % 50 === 0) chmodSync(path, 0o755);
    if (i % 97 === 0) symlinkSync(`file-${i}.txt`, `${dirname(path)}/link-${i}`);
  }
}

function text(seed: number, sizeBytes: number): string {
  let found = '';
  for (let k = 0; found.length < sizeBytes; k++) found += `${createHash('sha256').update(`${seed}/${k}`).digest('hex')}\n`;
  return found.slice(0, sizeBytes);
}

function writeBig(path: string): void {
  const block = createHash('shake256', { outputLength: 1 << 20 })
    .update('seed')
    .digest();
  const fd = openSync(path, 'w');
  for (let i = 0; i < 1024; i++) {
    createHash('sha256').update(String(i)).digest().copy(block);
    writeSync(fd, block);
  }
  closeSync(fd);
}
