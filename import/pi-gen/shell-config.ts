/** Assignments of a shell file, as far as they stand for themselves: nothing is run. */
import { scanShell, without } from '../shell-scan.ts';

export interface ShellConfig {
  readonly values: ReadonlyMap<string, string>;
  /** Lines that do more than assign a text. */
  readonly others: readonly string[];
}

const ASSIGNMENT = /^(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)$/;

/**
 * `NAME=value`, `NAME="value"`, `NAME='value'`, with `export` or without; later ones win.
 *
 * @param before  what is known already: `$NAME` in double quotes stands for it
 */
export function readShellConfig(text: string, before: ReadonlyMap<string, string> = new Map()): ShellConfig {
  const { comments } = scanShell(text);
  const code = without(text, comments);
  const values = new Map(before);
  const others: string[] = [];
  let depth = 0;
  for (const line of code
    .replace(/\\\n/g, '')
    .split('\n')
    .map((each) => each.trim())) {
    // What stands inside of something may not happen.
    const opens = /^(?:if|for|while|until|case)\b|\{$/.test(line);
    const closes = /^(?:fi|done|esac|\})(?![\w-])/.test(line);
    if (opens || closes || depth > 0) {
      if (opens && !/(?:^|[;\s])(?:fi|done|esac|\})$/.test(line)) depth++;
      if (closes && depth > 0) depth--;
      others.push(line);
      continue;
    }
    if (line === '' || /^export([ \t]+[A-Za-z_]\w*)+$/.test(line)) continue;
    const match = ASSIGNMENT.exec(line);
    const value = match === null ? undefined : literalOf(match[2]!.trim(), values);
    if (value === undefined) others.push(line);
    else values.set(match![1]!, value);
  }
  return { values, others };
}

function literalOf(word: string, known: ReadonlyMap<string, string>): string | undefined {
  if (/^'[^']*'$/.test(word)) return word.slice(1, -1);
  const inside = /^"([^"\\`]*)"$/.exec(word)?.[1] ?? (/^[A-Za-z0-9_./:@%+,=~${}-]*$/.test(word) ? word : undefined);
  return inside === undefined ? undefined : expand(inside, known);
}

/** A variable that doubles itself line by line would fill the memory. */
const MAX_VALUE_CHARACTERS = 1 << 16;

/** Undefined where it holds more than variables that are known, or stands for very much. */
export function expand(text: string, known: ReadonlyMap<string, string>): string | undefined {
  let isKnown = true;
  let left = MAX_VALUE_CHARACTERS;
  const out = text.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)|(?=(.?)))/g, (_, braced?: string, bare?: string) => {
    const value = known.get(braced ?? bare ?? '');
    left -= value?.length ?? 0;
    if (value === undefined || left < 0) isKnown = false;
    return isKnown ? (value ?? '') : '';
  });
  return isKnown ? out : undefined;
}

/** `export NAME=${NAME:-default}` of a build.sh: what holds where no config says otherwise. */
export function readDefaults(text: string, set: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const values = new Map(set);
  for (const match of text.matchAll(/^[ \t]*export[ \t]+([A-Z][A-Z0-9_]*)=(.*)$/gm)) {
    const [, name, word] = match as unknown as [string, string, string];
    if (values.has(name)) continue;
    const withDefault = new RegExp(`^"?\\$\\{${name}:-"?(.*?)"?\\}"?$`).exec(word.trim())?.[1];
    const value = withDefault === undefined ? literalOf(word.trim(), values) : expand(withDefault, values);
    if (value !== undefined && !/[`\\]/.test(value)) values.set(name, value);
  }
  return values;
}
