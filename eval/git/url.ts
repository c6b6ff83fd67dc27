/** Addresses of Git repositories, as people write them. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';

/** Absolute paths and `user@host:path` become URLs. @throws Fault E-EVAL-143 */
export function gitUrl(given: Bytes): string {
  const url = bytesToText(given);
  if (url.startsWith('/')) return new URL(`file://${url.split('/').map(encodeURIComponent).join('/')}`).href;
  const scp = /^([^/:@]+@[^/:]+):(?!\/\/)(.+)$/.exec(url);
  if (scp !== null) return `ssh://${scp[1]}/${scp[2]!.replace(/^\/+/, '')}`;
  const plain = url.replace(/^git\+/, '').replace(/^file:\/(?!\/)/, 'file:///');
  if (
    !/^(?:https?|ssh|git):\/\/[A-Za-z0-9[]|^(?:https?|ssh|git):\/\/[A-Za-z0-9_.~%!$&'()*+,;=:-]+@[A-Za-z0-9[]|^file:\/\/\//.test(
      plain,
    )
  ) {
    throw builtinFault('E-EVAL-143', `'${url}' is not the URL of a Git repository`, {
      hints: ['write https://…, ssh://…, git://…, file:///… or an absolute path'],
    });
  }
  return plain;
}
