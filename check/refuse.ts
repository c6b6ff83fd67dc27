/** For those who build only what passes. */
import { count, Fault } from '../base/index.ts';
import type { CheckResult } from './check.ts';
import { findingLine } from './render.ts';

/** Findings of a gate that the error names. */
const SHOWN = 5;

/**
 * @param operand  the tree as the user named it
 * @returns        the gates that could not run
 * @throws Fault   E-CHECK-006 a gate failed
 */
export function requirePassed({ gates }: CheckResult, operand: string): readonly string[] {
  const failed = gates.filter(({ status }) => status === 'failed');
  if (failed.length > 0) {
    throw new Fault(
      'E-CHECK-006',
      `${failed.length} of ${gates.length} gates failed: ${failed.map(({ gate }) => gate).join(', ')}`,
      {
        notes: failed.flatMap(({ gate, findings }) => [
          `${gate}: ${count(findings.length, 'finding')}`,
          ...findings.slice(0, SHOWN).map((finding) => `  ${findingLine(finding)}`),
          ...(findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more`] : []),
        ]),
        hints: [
          `see all of it: igos check ${operand}`,
          'let a package off for a while: its field `waivers`',
          'or build in spite of them: igos phases --skip validate',
        ],
      },
    );
  }
  return gates.filter(({ status }) => status === 'not run').map(({ gate }) => gate);
}
