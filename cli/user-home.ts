import { userInfo } from 'node:os';

/** The user's own folder. Who has none, and is nobody that the system knows (a number given to a container), gets `/`, as elsewhere. */
export function userHome(): string {
  try {
    // Empty says nothing: what is the user's would land in the working directory.
    return process.env['HOME'] || userInfo().homedir;
  } catch {
    return '/';
  }
}
