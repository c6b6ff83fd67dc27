import { type Bytes, textToBytes } from '../../base/index.ts';

/** What answers for `<nix/fetchurl.nix>` where the user's own entries do not. */
export const nixSearchPathEntry: { readonly prefix: Bytes; readonly path: Bytes } = {
  prefix: 'nix',
  path: textToBytes(`${import.meta.dirname}/nix`),
};
