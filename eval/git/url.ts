/** Addresses of Git repositories, as people write them. */
import { isIPv6 } from 'node:net';
import { type Bytes, bytesToText, type Fault } from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';

/** Absolute paths and `[user@]host:path` become URLs. @throws Fault E-EVAL-143 */
export function gitUrl(given: Bytes): string {
  const url = bytesToText(given);
  if (url.startsWith('/')) return new URL(`file://${encodePath(url)}`).href;
  const plain = sshUrl(url) ?? url.replace(/^git\+/, '').replace(/^file:\/(?!\/)/, 'file:///');
  if (
    !/^(?:https?|ssh|git):\/\/[A-Za-z0-9[]|^(?:https?|ssh|git):\/\/[A-Za-z0-9_.~%!$&'()*+,;=:-]+@[A-Za-z0-9[]|^file:\/\/\//.test(
      plain,
    )
  ) {
    throw notGit(url);
  }
  return plain;
}

const TRANSPORTS = /^(?:git\+)?(?:ssh|https?|file|ftps?|git)$/;

/**
 * `host:path` as Git and scp understand it: what has a colon before its first slash, and no `://`. From `host::` on Git would run a
 * helper instead. A path that does not begin with `/` or `~` is taken from the root: a URL cannot say that it is one of the user's home.
 */
function sshUrl(url: string): string | undefined {
  if (url.includes('://')) return undefined;
  const [, user = '', host = '', path = ''] = /^([^/:]*@)?(\[[^\]]*\]|[^/:]+):(?!:)(.*)$/s.exec(url) ?? [];
  if (host === '' || TRANSPORTS.test(user + host)) return undefined;
  if (path === '' || (host.startsWith('[') && !isIPv6(host.slice(1, -1)))) throw notGit(url);
  return `ssh://${user}${host}${encodePath(path.startsWith('/') ? path : `/${path}`)}`;
}

/** What stands in a path is no escape yet. */
const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const notGit = (url: string): Fault =>
  builtinFault('E-EVAL-143', `'${url}' is not the URL of a Git repository`, {
    hints: ['write https://…, ssh://…, git://…, host:/…, file:///… or an absolute path'],
  });
