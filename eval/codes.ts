/** Errors of the evaluator proper; builtins have E-EVAL-1xx in builtins/codes.ts. */
import { defineCodes } from '../base/index.ts';

export const evalCodes = defineCodes({
  'E-EVAL-001': {
    title: 'infinite recursion encountered',
    explanation:
      'A value needs itself to be computed: evaluation would never end. The error shows the values that need each other.',
    wrong: 'rec { a = b; b = a; }.a',
    right: 'rec { a = b; b = 1; }.a',
  },
});
