/** Environments in generated code: those of the first tier, or local variables that become one when something keeps it. */

/** One of them. */
export interface Frame {
  readonly around: Frame | undefined;
  /** JavaScript for the environment, to be kept by thunks and functions. */
  readonly whole: string;
  /** JavaScript for a slot; can be assigned to. `isSingle`: the level has but one. */
  readonly slot: (index: number, isSingle: boolean) => string;
}

export const madeFrame = (name: string, around?: Frame): Frame => ({
  around,
  whole: name,
  slot: (index, isSingle) => (isSingle ? `${name}.held` : `${name}.held[${index}]`),
});

/** What was made here: the array of its slots is at hand. */
export const letFrame = (name: string, slots: string, around: Frame): Frame => ({
  around,
  whole: name,
  slot: (index, isSingle) => (isSingle ? `${name}.held` : `${slots}[${index}]`),
});

/** A function's argument stays a local variable; the environment is made when something keeps it. */
export const parameterFrame = (name: string, around: Frame, parameter: string): Frame => ({
  around,
  whole: `(${name}===undefined?${name}=new Env(${around.whole},${parameter}):${name})`,
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
  return left === 0 ? at : madeFrame(at.whole + '.around'.repeat(left));
}
