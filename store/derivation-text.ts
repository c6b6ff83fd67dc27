/** The text of a derivation that was completed by this process: nobody needs to hash it again to know its name. */
import type { Bytes } from '../base/index.ts';
import type { KeptText } from './kept-text.ts';
import { storePathName } from './store-path.ts';
import type { StorePath, TextToAdd } from './types.ts';

/** There are thousands: it is decoded when it is asked for. Only `completeDerivation` makes them, so that path and hash can be believed. */
export class DerivationText implements TextToAdd {
  readonly path: StorePath;
  /** Sorted. */
  readonly references: readonly StorePath[];
  readonly content: KeptText;

  constructor(path: StorePath, content: KeptText, references: readonly StorePath[]) {
    this.path = path;
    this.content = content;
    this.references = references;
  }

  get name(): string {
    return storePathName(this.path);
  }

  get text(): Bytes {
    return this.content.text;
  }
}

/** In bytes. */
export const lengthOfText = (text: TextToAdd): number =>
  text instanceof DerivationText ? text.content.length : text.text.length;
