/** Sets, lists and tuples of strings that a Python file assigns at its top level. Nothing is run. */

/** By name. A value that holds more than strings and comments is left out. Cost: linear. */
export function pythonStrings(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const match of text.matchAll(/^([A-Z][A-Z0-9_]*)[ \t]*(?::[^=\n]+)?=[ \t]*([{([])/gm)) {
    const items = readItems(text, match.index + match[0].length);
    if (items !== undefined) found.set(match[1]!, items);
  }
  return found;
}

/** From behind the opening bracket to the closing one. */
function readItems(text: string, start: number): readonly string[] | undefined {
  const items: string[] = [];
  let at = start;
  while (at < text.length) {
    const rest = text.slice(at, at + 400);
    const skipped = /^(?:[\s,]+|#[^\n]*)/.exec(rest);
    if (skipped !== null) {
      at += skipped[0].length;
      continue;
    }
    if (/^[})\]]/.test(rest)) return items;
    const literal = /^(?:"([^"\\\n]*)"|'([^'\\\n]*)')/.exec(rest);
    if (literal === null) return undefined;
    items.push((literal[1] ?? literal[2])!);
    at += literal[0].length;
  }
  return undefined;
}
