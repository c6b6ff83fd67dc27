/**
 * `debian-source:NAME=VERSION/FILE`: the original tarball of a Debian source package, asked of whatever mirror this machine's apt uses.
 * A scratch apt configuration is made of the machine's own lists, with `deb` turned into `deb-src`; the system's is only read. No host
 * is named anywhere, and the hash of the derivation alone decides what is right.
 *
 * @source docs/builder.md §5; sources.list(5), apt.conf(5), apt-get(8)
 */
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToText, sys } from '../../base/index.ts';
import type { ObjectStore } from '../../store/index.ts';
import { runApt as run } from '../debian/apt.ts';
import { hostProgram } from '../host-programs.ts';
import { removeScratch } from '../remove.ts';
import { sourceLists } from './debian-lists.ts';
import { fetchHttp } from './http.ts';
import { fetchLocal } from './local.ts';
import { FetchProblem, type Received } from './receive.ts';

export interface DebianSource {
  readonly name: string;
  readonly version: string;
  /** Name of the tarball in the archive, `*` for what is not known; `undefined`: the original tarball, whatever its name. */
  readonly file: string | undefined;
}

/** @throws FetchProblem */
export function parseDebianUrl(url: string): DebianSource {
  const match = /^debian-source:([a-z0-9][a-z0-9+.-]+)=([0-9][0-9A-Za-z.+~:-]*)(?:\/([\w.+~*-]+))?$/.exec(url);
  if (match === null) throw new FetchProblem('it should be debian-source:NAME=VERSION or debian-source:NAME=VERSION/FILE');
  return { name: match[1]!, version: match[2]!, file: match[3] };
}

/** The lists of one run: fetched when the first source is asked for, shared by all, removed at the end. */
export class DebianSources {
  readonly #store: ObjectStore;
  readonly #aptFolder: string;
  readonly #signal: AbortSignal;
  #ready: Promise<Apt> | undefined;
  #scratch: string | undefined;

  constructor(store: ObjectStore, options: { aptFolder: string; signal: AbortSignal }) {
    this.#store = store;
    this.#aptFolder = options.aptFolder;
    this.#signal = options.signal;
  }

  /**
   * @throws FetchProblem no apt here, no such source, not on the mirror · SystemFault
   */
  async fetch(source: DebianSource, into: Received): Promise<void> {
    this.#ready ??= this.#prepare();
    const apt = await this.#ready;
    const problems: string[] = [];
    // A mirror may have dropped the version but keep its tarball under an other one.
    for (const version of [source.version, ...(await otherVersions(apt, source))]) {
      const found = await download(apt, { ...source, version });
      if (typeof found === 'string') {
        for await (const chunk of createReadStream(found, { highWaterMark: 1 << 20 })) into.write(chunk as Buffer);
        removeScratch(found);
        return;
      }
      problems.push(`${version}: ${found.reason}`);
      if (await downloadByAddress(apt, { ...source, version }, into)) return;
    }
    throw new FetchProblem(`apt does not deliver it: ${problems.join('; ')}`);
  }

  close(): void {
    if (this.#scratch !== undefined) removeScratch(this.#scratch);
    this.#scratch = undefined;
    this.#ready = undefined;
  }

  async #prepare(): Promise<Apt> {
    if (hostProgram('apt-get') === undefined) throw new FetchProblem('this machine has no apt');
    const lists = sourceLists(this.#aptFolder);
    if (lists.length === 0) throw new FetchProblem(`there are no package sources in '${this.#aptFolder}'`);
    const folder = this.#store.makeScratch();
    this.#scratch = folder;
    const acquire = await run('apt-config', ['dump'], { signal: this.#signal });
    writeConfiguration(folder, { lists, aptFolder: this.#aptFolder, acquire: bytesToText(acquire.output) });
    const apt: Apt = { folder, config: `${folder}/apt.conf`, signal: this.#signal };
    const update = await run('apt-get', ['update', '-qq'], { config: apt.config, signal: this.#signal });
    // Places that have no sources (vendors' own) make the whole fail: what counts is whether some list came.
    if (!readdirSync(`${folder}/state/lists`).some((name) => /_Sources(?:\.\w+)?$/.test(name)))
      throw new FetchProblem(`apt gets no list of sources: ${update.reason}`);
    return apt;
  }
}

interface Apt {
  readonly folder: string;
  readonly config: string;
  readonly signal: AbortSignal;
}

function writeConfiguration(
  folder: string,
  from: { lists: readonly { name: string; text: string }[]; aptFolder: string; acquire: string },
): void {
  sys('prepare the lists in', folder, () => {
    for (const path of [
      'etc/sources.list.d',
      'etc/preferences.d',
      'etc/apt.conf.d',
      'state/lists/partial',
      'cache/archives/partial',
    ])
      mkdirSync(`${folder}/${path}`, { recursive: true });
    writeFileSync(`${folder}/etc/sources.list`, '');
    for (const { name, text } of from.lists) writeFileSync(`${folder}/etc/sources.list.d/${name}`, text, 'latin1');
    // The machine's ways out (proxies, retries) count here too; its hooks do not.
    const acquire = from.acquire.split('\n').filter((line) => line.startsWith('Acquire::'));
    const own = [
      ['Dir::Etc', `${folder}/etc`],
      ['Dir::Etc::trusted', `${from.aptFolder}/trusted.gpg`],
      ['Dir::Etc::trustedparts', `${from.aptFolder}/trusted.gpg.d`],
      ['Dir::Etc::netrc', `${from.aptFolder}/auth.conf`],
      ['Dir::Etc::netrcparts', `${from.aptFolder}/auth.conf.d`],
      ['Dir::State', `${folder}/state`],
      ['Dir::State::status', '/var/lib/dpkg/status'],
      ['Dir::Cache', `${folder}/cache`],
      ['APT::Sandbox::User', 'root'],
      ['Acquire::Languages', 'none'],
      // An archive that is no longer updated still has its sources; the hash decides.
      ['Acquire::Check-Valid-Until', 'false'],
      ['Acquire::Retries', '2'],
    ];
    const lines = [...acquire, '#clear Acquire::Languages;', ...own.map(([name, value]) => `${name} "${value}";`)];
    writeFileSync(`${folder}/apt.conf`, `${lines.join('\n')}\n`);
  });
}

/** The path of the tarball, or why there is none. */
async function download(apt: Apt, source: DebianSource): Promise<string | { reason: string }> {
  const folder = mkdtempSync(`${apt.folder}/get-`);
  const args = ['source', '--download-only', '--tar-only', '--only-source', '-qq', `${source.name}=${source.version}`];
  const { reason } = await run('apt-get', args, { config: apt.config, cwd: folder, signal: apt.signal });
  const name = readdirSync(folder).find((each) => isWanted(each, source));
  return name === undefined ? { reason } : join(folder, name);
}

/** Where apt itself gives up on the package because another part of it is gone: the address of the tarball alone. */
async function downloadByAddress(apt: Apt, source: DebianSource, into: Received): Promise<boolean> {
  const args = ['source', '--print-uris', '--only-source', '-qq', `${source.name}=${source.version}`];
  const { output } = await run('apt-get', args, { config: apt.config, cwd: apt.folder, signal: apt.signal });
  for (const [, address, name] of output.matchAll(/^'([^']+)' (\S+) \d+/gm)) {
    if (!isWanted(name!, source)) continue;
    const url = bytesToText(address!);
    try {
      if (/^https?:/.test(url)) await fetchHttp(url, into);
      else if (url.startsWith('file:')) await fetchLocal(url.replace(/^file:\/*/, 'file:///'), into);
      else continue;
      return true;
    } catch (error) {
      if (!(error instanceof FetchProblem)) throw error;
    }
  }
  return false;
}

/** Versions in the lists that share the tarball, newest first as apt gives them. */
async function otherVersions(apt: Apt, source: DebianSource): Promise<string[]> {
  const { output } = await run('apt-cache', ['showsrc', source.name], { config: apt.config, signal: apt.signal });
  const versions = output.split(/\n\n+/).flatMap((stanza) => {
    if (/^Package: (.*)$/m.exec(stanza)?.[1] !== source.name) return [];
    const files = [...stanza.matchAll(/^ [0-9a-f]{32,} \d+ (\S+)$/gm)].map((match) => match[1]!);
    const version = /^Version: (.*)$/m.exec(stanza)?.[1];
    return version !== undefined && files.some((name) => isWanted(name, source)) ? [version] : [];
  });
  return [...new Set(versions)].filter((version) => version !== source.version).slice(0, 4);
}

function isWanted(name: string, source: DebianSource): boolean {
  if (/\.(?:asc|dsc|sig)$/.test(name)) return false;
  if (source.file === undefined) return /\.orig\.tar\.\w+$/.test(name);
  const pattern = source.file
    .split('*')
    .map((part) => part.replace(/[.+]/g, '\\$&'))
    .join('[\\w.+~-]*');
  return new RegExp(`^${pattern}$`).test(name);
}
