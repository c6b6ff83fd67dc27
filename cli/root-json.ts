import { isThere, type Root } from '../store/index.ts';
import { bytesToWord } from './words.ts';

/** A root of the store, for `--json`. */
export const rootJson = ({ owner, ...root }: Root): object => ({
  ...root,
  from: bytesToWord(root.from),
  ...(owner === undefined ? {} : { owner: bytesToWord(owner), isOwnerThere: isThere(owner) }),
});
