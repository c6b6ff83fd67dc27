/** What a string will depend on, gathered while it is put together. */
import type { Bytes } from '../base/index.ts';
import { ContextString } from './value.ts';

/** Where elements of contexts go: a `Set`, or what is below. */
export interface Gathering {
  add(element: string): unknown;
}

/**
 * Few elements, in the order in which they came, each once. An array: a set of V8 takes three times the memory, and an object for each
 * element when it is walked, while code is not compiled yet.
 */
export class Gathered implements Gathering {
  readonly items: string[] = [];
  /** Once there are many. */
  #index: Set<string> | undefined;

  add(element: string): void {
    const { items } = this;
    if (this.#index !== undefined) {
      if (this.#index.has(element)) return;
      this.#index.add(element);
    } else {
      for (let i = 0; i < items.length; i++) if (items[i] === element) return;
      if (items.length === FEW) this.#index = new Set(items).add(element);
    }
    items.push(element);
  }

  /** The string with this context; plain bytes where there is none. */
  attachTo(text: Bytes): Bytes | ContextString {
    // An array that grew has room for more, which the string would keep.
    return this.items.length === 0 ? text : new ContextString(text, this.items.slice());
  }
}

/** Up to so many are compared one by one. */
const FEW = 16;
