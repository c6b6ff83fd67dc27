/** Environments in generated code: the arrays of the first tier, or local variables that become one when something keeps it. */

/** One of them. */
export interface Frame {
  readonly around: Frame | undefined;
  /** JavaScript for the array, to be kept by thunks and functions. */
  readonly whole: string;
  /** JavaScript for a slot; can be assigned to. */
  readonly slot: (index: number) => string;
}

export const arrayFrame = (name: string, around?: Frame): Frame => ({
  around,
  whole: name,
  slot: (index) => `${name}[${index}]`,
});

/** A function's argument stays a local variable; the array is made when something keeps it. */
export const parameterFrame = (name: string, around: Frame, parameter: string): Frame => ({
  around,
  whole: `(${name}===undefined?${name}=[${around.whole},${parameter}]:${name})`,
  slot: () => parameter,
});

/** The frame `depth` levels out. */
export function reach(frame: Frame, depth: number): Frame {
  let at = frame;
  let left = depth;
  while (left > 0 && at.around !== undefined) {
    at = at.around;
    left--;
  }
  return left === 0 ? at : arrayFrame(at.whole + '[0]'.repeat(left));
}
