/** Documentation in comments: `/** … *\/` in front of a binding or of a function (RFC 145 of Nix). */
import type { Bytes } from '../base/index.ts';

/**
 * The inner text of the documentation comment that ends just before `offset`, without its markers and common indentation;
 * `undefined` where there is none. `offset` is the start of a binding, or of a function: then the name it is bound to (`f = `), its
 * parentheses and arguments before the last (`a: b: `) may stand between. Cost: the length of the comment.
 */
export function docCommentBefore(text: Bytes, offset: number): Bytes | undefined {
  const end = endOfComment(text, offset);
  if (end === undefined) return undefined;
  const start = text.lastIndexOf('/*', end - 4);
  if (start === -1) return undefined;
  const comment = text.slice(start, end);
  if (!/^\/\*\*[^*/]/.test(comment) || comment.slice(2, -2).includes('*/')) return undefined;
  return withoutIndentation(comment.slice(3, -2));
}

/** Farther than this from the comment nothing is looked at: names and arguments are short. */
const REACH = 500;

function endOfComment(text: Bytes, offset: number): number | undefined {
  const before = text.slice(Math.max(0, offset - REACH), offset);
  // from the end: parentheses and arguments, then `name =` or `a.b.name =`, then the comment
  const bound = /\*\/\s*(?:(?:[\w'.-]|"[^"\n]*"|\$\{[^}\n]*\})+\s*=\s*)?(?:[\w'-]+\s*:\s*|\(\s*)*$/.exec(before);
  return bound === null ? undefined : offset - before.length + bound.index + 2;
}

function withoutIndentation(inner: Bytes): Bytes {
  const lines = inner.split('\n').map((line) => line.trimEnd());
  const indents = lines.slice(1).flatMap((line) => (line === '' ? [] : [line.length - line.trimStart().length]));
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return [lines[0]!.trimStart(), ...lines.slice(1).map((line) => line.slice(common))].join('\n').trim();
}
