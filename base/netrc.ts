/**
 * Whom hosts know us as: `~/.netrc`, or the file that the variable `NETRC` names. What stands there goes to the host that it names and to
 * no other, over https only, where nobody listens. So `default`, which is for every host, and wherever a redirection leads, is for none.
 *
 * @source the manual pages netrc(5) of inetutils and curl(1); quotes are curl's
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A file that a variable names, and that cannot be read. */
export class BadNetrc extends Error {
  override readonly name = 'BadNetrc';
}

/** By host, in small letters; of several the first. An entry with neither user nor password is none. */
export function parseNetrc(text: string): ReadonlyMap<string, Login> {
  const logins = new Map<string, Login>();
  let host: string | undefined;
  let entry: { login?: string; password?: string } = {};
  const take = (): void => {
    const { login, password } = entry;
    const isOne = host !== undefined && (login ?? password) !== undefined;
    if (isOne && !logins.has(host!)) logins.set(host!, { user: login ?? '', password: password ?? '' });
    host = undefined;
    entry = {};
  };
  const words = wordsOf(text);
  for (const word of words) {
    if (word === 'machine') {
      take();
      host = words.next().value?.toLowerCase();
    } else if (word === 'default') take();
    else if (word === 'login' || word === 'password') entry[word] = words.next().value ?? '';
    else if (word === 'account') words.next();
  }
  take();
  return logins;
}

/** Without comments, which begin with a word that begins with `#`, and without macros, which end with an empty line. */
function* wordsOf(text: string): Generator<string, undefined> {
  let isMacro = false;
  for (const line of text.split(/\r?\n/)) {
    if (isMacro && line.trim() !== '') continue;
    isMacro = false;
    for (const [word, quoted] of line.matchAll(/"((?:[^"\\]|\\.)*)"(?!\S)|\S+/g)) {
      isMacro = word === 'macdef';
      if (isMacro || word.startsWith('#')) break;
      yield quoted === undefined ? word : quoted.replace(/\\(.)/g, (_, sign: string) => ESCAPES[sign] ?? sign);
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

let known: ReadonlyMap<string, Login> | undefined;

/** For who asks this address; read once in each thread. @throws BadNetrc */
export function loginFor(url: URL): Login | undefined {
  if (url.protocol !== 'https:') return undefined;
  known ??= readNetrc(process.env);
  return known.get(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}

function readNetrc(environment: NodeJS.ProcessEnv): ReadonlyMap<string, Login> {
  const named = environment['NETRC'];
  try {
    return parseNetrc(readFileSync(named || join(homedir(), '.netrc'), 'utf8'));
  } catch (error) {
    if (!named) return new Map();
    throw new BadNetrc(
      `the variable 'NETRC' names '${named}', which cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`,
    );
  }
}
