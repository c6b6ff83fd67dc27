/** Caches, keys and trust of one command: from options, the settings of the store, and the environment. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Fault, shellWord, stoppedBy, sys } from '../base/index.ts';
import type { Substituter } from '../builder/index.ts';
import {
  type BinaryCache,
  loadCaches,
  type ObjectStore,
  type PullEvent,
  type S3Credentials,
  type SecretKey,
  type Trust,
} from '../store/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { userHome } from './user-home.ts';

export interface CachesOfCommand {
  readonly caches: readonly BinaryCache[];
  readonly trust: Trust;
}

/** @throws UsageError an address where a store path belongs: cache and paths were swapped */
export function assertCacheFirst(verb: 'push' | 'pull', paths: readonly string[]): void {
  const address = paths.find((path) => path.includes('://'));
  if (address !== undefined)
    throw new UsageError(`the cache comes first; '${address}' is no store path`, [`igos cache ${verb} ${address} PATH…`]);
}

/** `first`, then those of `--substituters`, then those of the settings; each once. @throws Fault bad address, key or settings */
export async function cachesOf(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  options: { first?: string; signal?: AbortSignal; checksSignatures?: boolean } = {},
): Promise<CachesOfCommand> {
  const { BinaryCache, openTransport, readSettings } = await loadCaches();
  const settings = readSettings(context.home);
  const given = args.all('substituters').flatMap(([text]) => text!.split(/\s+/));
  const addresses = new Set([...(options.first === undefined ? [] : [options.first]), ...given, ...settings.substituters]);
  addresses.delete('');
  return {
    caches: [...addresses].map(
      (address) =>
        new BinaryCache(openTransport(address, { s3Credentials: (profile) => s3Credentials(context, profile) }), store, {
          ...(options.signal ? { signal: options.signal } : {}),
        }),
    ),
    trust: { keys: await trustedKeys(context, args), needsSignature: options.checksSignatures !== false },
  };
}

/** Of the settings and of `--trusted-key`. @throws Fault bad key or settings @throws UsageError the file of a key */
export async function trustedKeys(context: Context, args: Arguments): Promise<Trust['keys']> {
  const { keyRing, readSettings } = await loadCaches();
  for (const [text] of args.all('trusted-key')) {
    if (text!.includes(':') || !existsSync(resolve(context.workingDirectory, text!))) continue;
    throw new UsageError(`--trusted-key takes the key itself, and '${text}' is a file`, [
      `--trusted-key "$(cat ${shellWord(text!)})"`,
    ]);
  }
  const given = args.all('trusted-key').flatMap(([text]) => text!.split(/\s+/));
  return keyRing([...readSettings(context.home).trustedKeys, ...given].filter((key) => key !== ''));
}

/** Whether there may be caches to ask: without loading code for them. */
export const namesCaches = (context: Context, args: Arguments): boolean =>
  !args.has('no-substitute') && (args.has('substituters') || existsSync(join(context.home, 'etc', 'caches.conf')));

/** What `--substituters` and the settings name; `undefined` where that is nothing. Loads no code for caches then. */
export async function substituterOf(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  options: { signal?: AbortSignal; onEvent: (event: PullEvent) => void },
): Promise<Substituter | undefined> {
  if (!namesCaches(context, args)) return undefined;
  const { signal, onEvent } = options;
  const { caches, trust } = await cachesOf(context, args, store, signal ? { signal } : {});
  if (caches.length === 0) return undefined;
  const { CacheSubstituter } = await loadCaches();
  return new CacheSubstituter(store, caches, { trust, onEvent, ...(signal ? { signal } : {}) });
}

/** Of all `--key FILE`. */
export async function secretKeys(context: Context, args: Arguments): Promise<SecretKey[]> {
  const { parseSecretKey } = await loadCaches();
  return args.all('key').map(([file]) => {
    const path = resolve(context.workingDirectory, file!);
    return parseSecretKey(sys('read', path, () => readFileSync(path, 'utf8')));
  });
}

/** From the variables that all tools for S3 read, else from `~/.aws/credentials`. */
export function s3Credentials(context: Context, profile: string | undefined): S3Credentials | undefined {
  const { environment } = context;
  const [accessKey, secretKey, sessionToken] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map(
    (name) => environment[name] || undefined,
  );
  if (profile === undefined && accessKey !== undefined && secretKey !== undefined)
    return { accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const path = environment['AWS_SHARED_CREDENTIALS_FILE'] || join(userHome(), '.aws', 'credentials');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  return profileOf(text, profile ?? environment['AWS_PROFILE'] ?? 'default');
}

function profileOf(text: string, profile: string): S3Credentials | undefined {
  const values = new Map<string, string>();
  let section: string | undefined;
  for (const line of text.split('\n')) {
    section = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1] ?? section;
    const [, name, value] = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === profile && name !== undefined) values.set(name, value!);
  }
  const accessKey = values.get('aws_access_key_id');
  const secretKey = values.get('aws_secret_access_key');
  const sessionToken = values.get('aws_session_token');
  if (accessKey === undefined || secretKey === undefined) return undefined;
  return { accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** Tells on stderr what a cache did wrong, where another was asked instead. */
export const sayRefused = (context: Context, fault: Fault): void => {
  if (!context.isQuiet) context.out.talk(`warning: ${fault.message}`);
};

/** A signal that Ctrl-C, SIGTERM and the end of the terminal set off, for as long as the work lasts. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  using _ = stoppedBy(() => controller.abort());
  return await work(controller.signal);
}
