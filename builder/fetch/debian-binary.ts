/**
 * `debian-binary:pool/main/h/hello/hello_2.10-3_amd64.deb`: a file of the Debian mirrors that this machine's apt uses, each asked in turn.
 * Apt itself transfers it, by whatever way it is set up to (proxies, passwords, files); the hash of the derivation alone decides what is
 * right. Nothing of the machine is changed, and no list is needed.
 *
 * @source docs/seed.md; apt-helper is part of apt
 */
import { createReadStream, mkdtempSync } from 'node:fs';
import { isPlainPath } from '../../base/index.ts';
import type { ObjectStore } from '../../store/index.ts';
import { aptRepositories, runApt } from '../debian/apt.ts';
import { removeScratch } from '../remove.ts';
import { FetchProblem, type Received } from './receive.ts';

const HELPER = '/usr/lib/apt/apt-helper';

/** So many files that a place did not have, and none that it had: it is of another distribution, and not asked any more. */
const MAX_MISSES = 4;

/** The path below the mirrors. @throws FetchProblem */
export function parseDebianBinaryUrl(url: string): string {
  const path = /^debian-binary:(.+)$/.exec(url)?.[1] ?? '';
  if (!isPlainPath(path)) throw new FetchProblem('it should be debian-binary:PATH, the path of a .deb below a Debian mirror');
  return path;
}

/** The mirrors of one run: asked for once, shared by all files. */
export class DebianBinaries {
  readonly #store: ObjectStore;
  readonly #aptFolder: string;
  readonly #signal: AbortSignal;
  #repositories: Promise<string[]> | undefined;
  /** Place and pool → files that were not there; no number of them counts where one was. */
  readonly #misses = new Map<string, number>();

  constructor(store: ObjectStore, options: { aptFolder: string; signal: AbortSignal }) {
    this.#store = store;
    this.#aptFolder = options.aptFolder;
    this.#signal = options.signal;
  }

  /** @throws FetchProblem no apt here, not on any mirror · SystemFault */
  async fetch(path: string, into: Received): Promise<void> {
    this.#repositories ??= aptRepositories(this.#aptFolder, this.#signal);
    const repositories = await this.#repositories;
    if (repositories.length === 0) throw new FetchProblem('this machine has no apt, or its apt knows no mirror');
    const problems: string[] = [];
    const folder = this.#store.makeScratch();
    try {
      for (const repository of repositories) {
        const key = `${repository}${path.split('/').slice(0, 2).join('/')}`;
        const nMisses = (): number => this.#misses.get(key) ?? 0;
        if (nMisses() >= MAX_MISSES) continue;
        const file = `${mkdtempSync(`${folder}/get-`)}/file`;
        // What it fetches goes to a folder that only we may enter.
        const args = [
          `-oDir::Etc=${this.#aptFolder}`,
          '-oAPT::Sandbox::User=root',
          'download-file',
          `${repository}${path}`,
          file,
        ];
        const { isDone, reason } = await runApt(HELPER, args, { signal: this.#signal });
        if (isDone) {
          this.#misses.set(key, -Infinity);
          for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) into.write(chunk as Buffer);
          return;
        }
        // Others may have asked meanwhile.
        this.#misses.set(key, nMisses() + 1);
        problems.push(reason);
      }
    } finally {
      removeScratch(folder);
    }
    const reasons = [...new Set(problems)].join('; ');
    throw new FetchProblem(
      reasons === '' ? 'none of the mirrors of this machine is one of Debian' : `apt does not deliver it: ${reasons}`,
    );
  }
}
