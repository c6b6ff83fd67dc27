/**
 * `Depends` and its like: what a Debian package asks for.
 *
 * @source deb-control(5); Debian policy §7.1
 */
import { compareDebianVersions } from './compare-versions.ts';

/** One package that would do. */
export interface Alternative {
  readonly name: string;
  readonly relation: { readonly operator: Operator; readonly version: string } | undefined;
}

type Operator = '<<' | '<=' | '=' | '>=' | '>>';

const ALTERNATIVE =
  /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?(?:\s*\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?(?:\s*\[[^\]]*\])?$/;

/** `a (>= 1) | b, c`: of each group one is needed. `undefined` where the text is nothing of the kind. */
export function parseRelations(text: string): Alternative[][] | undefined {
  const groups: Alternative[][] = [];
  for (const group of text.split(',')) {
    if (group.trim() === '') continue;
    const alternatives: Alternative[] = [];
    for (const part of group.split('|')) {
      const match = ALTERNATIVE.exec(part.trim());
      if (match === null) return undefined;
      const [, name, operator, version] = match;
      // The single signs are old spellings of those with `=`.
      const spelled = operator === '<' ? '<=' : operator === '>' ? '>=' : (operator as Operator | undefined);
      alternatives.push({ name: name!, relation: spelled === undefined ? undefined : { operator: spelled, version: version! } });
    }
    groups.push(alternatives);
  }
  return groups;
}

/** Whether a version is what a relation asks for. */
export function satisfies(version: string, relation: Alternative['relation']): boolean {
  if (relation === undefined) return true;
  const order = compareDebianVersions(version, relation.version);
  switch (relation.operator) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}

/** As it is written: `libc6 (>= 2.36)`. */
export const showAlternative = ({ name, relation }: Alternative): string =>
  relation === undefined ? name : `${name} (${relation.operator} ${relation.version})`;
