/** Fields as people read them: a name and its value, a list that is too long for one line on those below it. */
import { WIDTH, wrap } from './help.ts';

export type FieldValue = string | number | readonly string[] | null | undefined;

const NAME_WIDTH = 12;

/** What has no value, or an empty list, is left out. */
export function fieldLines(fields: Iterable<readonly [name: string, value: FieldValue]>): string[] {
  return [...fields].flatMap(([name, value]) => {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [];
    const lines = Array.isArray(value) ? wrap(value.join(' '), WIDTH - NAME_WIDTH) : [String(value)];
    return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${line}`);
  });
}
