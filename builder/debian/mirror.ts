/**
 * Lists of packages straight from a Debian mirror. `Release` names the lists by their hashes, and is signed: where there are keys to check
 * with, a list that was not signed with one of them is refused.
 *
 * @source Debian repository format: "Release" files, "Packages" indices; gpgv(1)
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Fault, sys } from '../../base/index.ts';
import type { ObjectStore } from '../../store/index.ts';
import { buildFault } from '../build-fault.ts';
import { fetchHttp } from '../fetch/http.ts';
import { fetchLocal } from '../fetch/local.ts';
import { FetchProblem, type Received, receive } from '../fetch/receive.ts';
import { decompress } from '../fetch/unpack.ts';
import { hostProgram } from '../host-programs.ts';
import { Workspace } from '../workspace.ts';
import { runApt } from './apt.ts';

/** As a line of sources.list has it. */
export interface Mirror {
  readonly url: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** Where Debian and those like it keep the keys of their archive. */
const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/ubuntu-archive-keyring.gpg'];

const MAX_RELEASE_BYTES = 1 << 24;
/** Packed or not: that of all of Debian has 60 MB. */
const MAX_LIST_BYTES = 1 << 28;

interface Options {
  readonly architecture: string;
  readonly mirrors: readonly Mirror[];
  readonly keyring?: string | null | undefined;
  readonly maxListBytes?: number;
  readonly signal: AbortSignal;
}

/** @throws Fault E-BUILD-010 a list cannot be had · E-BUILD-052 it is not what was signed · SystemFault */
export async function mirrorPackages(
  store: ObjectStore,
  scratch: string,
  options: Options,
): Promise<{ texts: string[]; warnings: string[] }> {
  using workspace = new Workspace(store);
  const texts: string[] = [];
  const warnings: string[] = [];
  for (const [index, mirror] of options.mirrors.entries()) {
    const folder = `${mirror.url.replace(/\/+$/, '')}/dists/${mirror.suite}`;
    const get = (name: string, limitBytes: number): Promise<string> =>
      fetchTo(`${scratch}/${index}-${name.replaceAll('/', '-')}`, `${folder}/${name}`, limitBytes, options.signal);
    const release = await readRelease(get, { scratch, keyring: options.keyring, signal: options.signal, mirror });
    if (release.warning !== undefined) warnings.push(release.warning);
    warnings.push(...doubtsOf(release.text, mirror, Date.now()));
    const listed = listedFiles(release.text);
    for (const component of mirror.components) {
      const list = chooseList(listed, `${component}/binary-${options.architecture}/Packages`, mirror);
      const file = await get(list.name, list.sizeBytes);
      const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (digest !== list.sha256) throw notSigned(`'${folder}/${list.name}' has another hash than its Release file says`);
      const plain = await decompress(file, {
        workspace,
        signal: options.signal,
        slot: 0,
        limitBytes: options.maxListBytes ?? MAX_LIST_BYTES,
      });
      texts.push(sys('read', plain, () => readFileSync(plain, 'latin1')));
    }
  }
  return { texts, warnings };
}

interface ListedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** gzip is undone in igos; what else there is needs a program of the machine. */
function chooseList(listed: ReadonlyMap<string, ListedFile>, name: string, mirror: Mirror): ListedFile {
  for (const suffix of ['.gz', '.xz', '']) {
    const found = listed.get(`${name}${suffix}`);
    if (found !== undefined) return found;
  }
  throw buildFault('E-BUILD-010', `'${mirror.suite}' of that mirror has no list '${name}'`, {
    hints: ['is it the right component (main) and architecture?'],
  });
}

/** The field `SHA256`: hash, size, name a line. */
function listedFiles(release: string): ReadonlyMap<string, ListedFile> {
  const lines = /(?:^|\n)SHA256:[ \t]*\n((?:[ \t]+[^\n]*(?:\n|$))+)/i.exec(release)?.[1] ?? '';
  const files = [...lines.matchAll(/^[ \t]+([0-9a-f]{64})[ \t]+(\d{1,10})[ \t]+(\S+)$/gm)].map(
    ([, sha256, size, name]): [string, ListedFile] => [
      name!,
      { name: name!, sha256: sha256!, sizeBytes: Math.min(Number(size), MAX_LIST_BYTES) },
    ],
  );
  if (files.length === 0) throw notSigned('a Release file names no lists by their SHA-256');
  return new Map(files);
}

/**
 * What a good signature does not say: that nobody serves lists of long ago, or of another release, which were signed as well. Archives that
 * are kept as they were are like that too, so that it is for the user to know.
 */
function doubtsOf(release: string, { url, suite }: Mirror, nowMs: number): string[] {
  const field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(release)?.[1]?.trim();
  const doubts: string[] = [];
  const validUntil = field('Valid-Until');
  if (validUntil !== undefined && Date.parse(validUntil) < nowMs)
    doubts.push(`the lists of ${url} ${suite} were good until ${validUntil.slice(0, 80)}: somebody may serve old ones`);
  const names = ['Suite', 'Codename'].flatMap((name) => field(name) ?? []);
  if (names.length > 0 && !names.includes(suite.replace(/\/$/, '')))
    doubts.push(`what ${url} serves as '${suite}' says that it is '${names.join("', '").slice(0, 80)}'`);
  return doubts;
}

interface ReleaseOptions {
  readonly scratch: string;
  readonly keyring: string | null | undefined;
  readonly mirror: Mirror;
  readonly signal: AbortSignal;
}

type Get = (name: string, limitBytes: number) => Promise<string>;

/** Signed within (InRelease), or beside (Release.gpg). What is used is what gpgv says was signed. */
async function readRelease(get: Get, options: ReleaseOptions): Promise<{ text: string; warning: string | undefined }> {
  const { mirror } = options;
  const place = `${mirror.url} ${mirror.suite}`;
  const keyring = options.keyring === undefined ? KEYRINGS.find((path) => existsSync(path)) : options.keyring;
  const gpgv = hostProgram('gpgv');
  if (typeof options.keyring === 'string' && gpgv === undefined)
    throw notSigned('a keyring was named, and this machine has no gpgv to check with');
  const isChecked = typeof keyring === 'string' && gpgv !== undefined;
  const warning = isChecked
    ? undefined
    : `nobody vouches for the lists of ${place}: ${
        keyring === null
          ? 'signatures were not to be checked'
          : gpgv === undefined
            ? 'this machine has no gpgv'
            : 'there is no keyring'
      }`;
  const check = async (args: readonly string[]): Promise<void> => {
    const { isDone, output, reason } = await runApt(gpgv!, ['--keyring', keyring!, ...args], { signal: options.signal });
    if (!isDone) throw notSigned(`the signature of ${place} is not good: ${output.trim() || reason}`);
  };
  let inline: string | undefined;
  try {
    inline = await get('InRelease', MAX_RELEASE_BYTES);
  } catch (error) {
    // A mirror may have the older form only.
    if (!(error instanceof Fault && error.code === 'E-BUILD-010')) throw error;
  }
  if (inline !== undefined) {
    if (!isChecked) return { text: signedText(readFileSync(inline, 'latin1')), warning };
    const verified = `${inline}.verified`;
    await check(['--output', verified, inline]);
    return { text: readFileSync(verified, 'latin1'), warning };
  }
  const release = await get('Release', MAX_RELEASE_BYTES);
  if (isChecked) await check([await get('Release.gpg', MAX_RELEASE_BYTES), release]);
  return { text: readFileSync(release, 'latin1'), warning };
}

/** What is between the armour of a text that is signed within (RFC 9580 §7). */
function signedText(text: string): string {
  const match = /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:[^\n]+\n)*\r?\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----/.exec(text);
  return match === null ? text : match[1]!.replace(/^- /gm, '');
}

async function fetchTo(file: string, url: string, limitBytes: number, signal: AbortSignal): Promise<string> {
  const bounded = (into: Received): Received => ({
    get doneBytes() {
      return into.doneBytes;
    },
    signal: into.signal,
    write(chunk) {
      if (into.doneBytes + chunk.length > limitBytes) throw new FetchProblem('it is larger than it should be');
      into.write(chunk);
    },
    expect: (totalBytes) => into.expect(totalBytes),
    restart: () => into.restart(),
  });
  try {
    await receive({ file, algorithm: 'sha256', onProgress: () => {}, signal }, async (into) => {
      if (url.startsWith('/')) await fetchLocal(pathToFileURL(url).href, bounded(into));
      else if (url.startsWith('file:')) await fetchLocal(url, bounded(into));
      else if (/^https?:/.test(url)) await fetchHttp(url, bounded(into));
      else throw new FetchProblem('a mirror is named by https://…, http://… or file:///…');
    });
    return file;
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw buildFault('E-BUILD-010', `cannot fetch '${url}'`, {
      notes: [reason],
      hints: ['is the address of the mirror right, and its suite?'],
    });
  }
}

const notSigned = (message: string) =>
  buildFault('E-BUILD-052', message, {
    hints: ['ask another mirror, or name the right keys: --keyring FILE'],
  });
