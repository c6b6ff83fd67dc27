import { userInfo } from 'node:os';

/** Who runs this process, for the history: a name, or the number of a user that the system has no name for. */
export function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // no entry in the password file
  }
}
