import type { Bytes } from '../base/index.ts';

/** `channel:NAME` is the newest archive of a channel of Nix; any other address is what it says. */
export const resolveChannel = (url: Bytes): Bytes =>
  url.startsWith('channel:') ? `https://nixos.org/channels/${url.slice('channel:'.length)}/nixexprs.tar.xz` : url;
