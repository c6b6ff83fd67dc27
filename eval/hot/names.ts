/** The variables and constants of a region of generated code. */

/** Thrown where a region is not worth its source. */
export class TooBig extends Error {}

/** Constants are parameters of the generated function, and its expressions nest as the program's do: both have limits in the engine. */
const MAX_CONSTANTS = 1000;

/** JavaScript for what a region uses, in the order in which it was asked for. */
export class Names {
  /** Of `k0`, `k1`, … */
  readonly constants: unknown[] = [];
  #locals = 0;

  /** A new variable. */
  local(): string {
    return `t${this.#locals++}`;
  }

  /** All variables. */
  locals(): string[] {
    return Array.from({ length: this.#locals }, (_, index) => `t${index}`);
  }

  /** A value that is known now. @throws TooBig */
  constant(value: unknown): string {
    if (value === null || typeof value === 'boolean') return String(value);
    const known = this.constants.indexOf(value);
    if (known < 0 && this.constants.length === MAX_CONSTANTS) throw new TooBig();
    return `k${known >= 0 ? known : this.constants.push(value) - 1}`;
  }

  text(text: string): string {
    return text.length <= 64 ? JSON.stringify(text) : this.constant(text);
  }
}
