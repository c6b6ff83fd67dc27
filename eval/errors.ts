/** How the evaluator makes its faults. Positions are looked up here and nowhere else. */
import { Fault, type FaultDetails } from '../base/index.ts';

/** What `tryEval` sees: `throw` and a failed `assert`. Every other fault goes past it. */
export class Catchable extends Fault {}

export const infiniteRecursion = (details?: FaultDetails): Fault =>
  new Fault('E-EVAL-001', 'infinite recursion encountered', details);
