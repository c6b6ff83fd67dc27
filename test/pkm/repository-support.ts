/** Keys and folders of archives for the tests of repositories. */
import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PackageDescription, type PackageImage, type WriteIndexOptions, writeArchive, writeIndex } from '../../pkm/index.ts';
import type { FileSpec, Sandbox } from './support.ts';

export interface KeyPair {
  /** PEM. */
  readonly secret: string;
  readonly open: string;
}

/** Fixed keys: messages name their ids. */
export function keyPair(seed: string): KeyPair {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), hash('sha256', seed, 'buffer')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    secret: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    open: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string,
  };
}
export const ours: KeyPair = keyPair('ours');
export const theirs: KeyPair = keyPair('theirs');

/** What sandboxes think the time is, at first. */
export const NOW = 1_800_000_000;

/** A folder of archives in the making. */
export class Publisher {
  readonly #box: Sandbox;
  readonly folder: string;
  readonly address: string;

  constructor(box: Sandbox, name = 'repository') {
    this.#box = box;
    this.folder = join(box.base, name);
    this.address = `${pathToFileURL(this.folder).href}/`;
    mkdirSync(this.folder, { recursive: true });
  }

  /** @returns the archive's file */
  async add(about: string, files: Record<string, FileSpec>, more: Partial<PackageDescription> = {}): Promise<string> {
    return this.addImage(this.#box.image(about, files, more));
  }

  async addImage(image: PackageImage): Promise<string> {
    const file = join(this.folder, `${image.name}-${image.version}.igos.tar.gz`);
    await writeArchive(image, file);
    return file;
  }

  publish(options: Partial<WriteIndexOptions> = {}): ReturnType<typeof writeIndex> {
    return writeIndex(this.folder, { keys: [ours.secret], now: NOW, validSeconds: 0, ...options });
  }

  /** Signs whatever is given as the index. */
  publishRaw(index: unknown, secret: string = ours.secret): void {
    const bytes = Buffer.isBuffer(index) ? index : Buffer.from(JSON.stringify(index));
    const key = createPrivateKey(secret);
    const id = hash('sha256', createPublicKey(key).export({ type: 'spki', format: 'der' })).slice(0, 16);
    writeFileSync(join(this.folder, 'index.json'), bytes);
    writeFileSync(join(this.folder, 'index.json.sig'), `${id} ${sign(null, bytes, key).toString('base64')}\n`);
  }
}
