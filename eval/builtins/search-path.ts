import { join } from 'node:path';
import { type Bytes, textToBytes } from '../../base/index.ts';

/** The entry of the search path that answers for `<nix/fetchurl.nix>`; belongs behind the user's own entries. */
export const nixSearchPathEntry: { readonly prefix: Bytes; readonly path: Bytes } = {
  prefix: 'nix',
  path: textToBytes(join(import.meta.dirname, 'nix')),
};
