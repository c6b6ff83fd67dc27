/** A few at a time, the others in the order in which they came. */
export class Turns {
  #nFree: number;
  readonly #waiting: (() => void)[] = [];

  constructor(n: number) {
    this.#nFree = n;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#nFree > 0) this.#nFree--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#nFree++;
      else next();
    }
  }
}
