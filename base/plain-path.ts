/** Characters of a path that mean nothing to a URL, a shell or apt; `%` only with what it stands for. */
const PART = /^(?:[A-Za-z0-9._+~-]|%[0-9A-Fa-f]{2})+$/;

/** What an address reads as a dot, a slash or an end, though it is not written so. */
const HIDDEN = /%(?:2e|2f|5c|00)/i;

/**
 * Whether a path below an address of others (a mirror) is relative, without `..`, and the same to everybody who reads it: as a part of a
 * URL, too, where `%2e%2e` is `..`.
 */
export const isPlainPath = (path: string): boolean =>
  /^[A-Za-z0-9]/.test(path) && !HIDDEN.test(path) && path.split('/').every((part) => PART.test(part) && !/^\.+$/.test(part));
