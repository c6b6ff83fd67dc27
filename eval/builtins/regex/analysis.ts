/** Facts about an expression that decide how it may be run. */
import type { ByteSet, RegexNode } from './tree.ts';

export interface RegexFacts {
  readonly isNullable: boolean;
  /** Bytes that a match can begin with, where it is not empty. */
  readonly first: ByteSet;
  /** JavaScript's RegExp finds the same match with the same groups, if the match has to end at the end of the subject. */
  readonly isNativeExact: boolean;
  /** The same for searching, where the longest alternative counts. */
  readonly isNativeSearch: boolean;
  /** Unbounded repeats outside each other: backtracking costs up to length^loops. */
  readonly loops: number;
}

/**
 * libstdc++ backtracks like JavaScript, except that (1) a group keeps what it matched in an earlier round of the repeat around it,
 * (2) a repeat may go round without consuming, and (3) a search tries every alternative and keeps the longest match. A RegExp is
 * used only where none of the three can be observed, and where backtracking cannot explode: no repeat inside a repeat, and
 * alternatives that begin with different bytes.
 */
export function analyse(root: RegexNode): RegexFacts {
  const facts: Facts = { isFaithful: true, loops: 0, ambiguous: 0 };
  visit(root, { inLoop: false, isCertain: true }, facts);
  const isNullable = nullable(root);
  return {
    isNullable,
    first: firstBytes(root),
    isNativeExact: facts.isFaithful && facts.ambiguous <= 4,
    isNativeSearch: facts.isFaithful && facts.ambiguous === 0 && !isNullable,
    loops: facts.loops,
  };
}

interface Place {
  readonly inLoop: boolean;
  /** Each round of the innermost loop passes here. */
  readonly isCertain: boolean;
}

/** What the walk finds. */
interface Facts {
  /** Neither (1) nor (2) can be observed. */
  isFaithful: boolean;
  loops: number;
  /** Alternatives that can begin with the same byte. */
  ambiguous: number;
}

function visit(node: RegexNode, place: Place, facts: Facts): void {
  switch (node.kind) {
    case 'sequence':
      for (const item of node.items) visit(item, place, facts);
      return;
    case 'group':
      if (place.inLoop && !place.isCertain) facts.isFaithful = false;
      visit(node.item, place, facts);
      return;
    case 'alternatives':
      if (!areDisjoint(node.options)) {
        facts.ambiguous++;
        if (place.inLoop) facts.isFaithful = false;
      }
      for (const option of node.options) visit(option, { ...place, isCertain: false }, facts);
      return;
    case 'repeat': {
      if (nullable(node.item)) facts.isFaithful = false;
      const isVariable = node.min !== node.max;
      if (place.inLoop && isVariable) facts.isFaithful = false;
      if (node.max === Infinity) facts.loops++;
      const inside = place.inLoop
        ? { inLoop: true, isCertain: place.isCertain && node.min > 0 }
        : { inLoop: node.max > 1, isCertain: true };
      visit(node.item, inside, facts);
      return;
    }
    default:
      return;
  }
}

/** Whether the empty string matches somewhere. */
export function nullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(nullable);
    case 'alternatives':
      return node.options.some(nullable);
    case 'repeat':
      return node.min === 0 || nullable(node.item);
    case 'group':
      return nullable(node.item);
    default:
      return true;
  }
}

function firstBytes(node: RegexNode): ByteSet {
  const set = new Uint8Array(256);
  addFirst(node, set);
  return set;
}

function addFirst(node: RegexNode, into: ByteSet): void {
  switch (node.kind) {
    case 'set':
      for (let byte = 0; byte < 256; byte++) if (node.set[byte] === 1) into[byte] = 1;
      return;
    case 'sequence':
      for (const item of node.items) {
        addFirst(item, into);
        if (!nullable(item)) return;
      }
      return;
    case 'alternatives':
      for (const option of node.options) addFirst(option, into);
      return;
    case 'repeat':
      if (node.max > 0) addFirst(node.item, into);
      return;
    case 'group':
      addFirst(node.item, into);
      return;
    default:
      return;
  }
}

function areDisjoint(options: readonly RegexNode[]): boolean {
  const seen = new Uint8Array(256);
  for (const option of options) {
    if (nullable(option)) return false;
    const first = firstBytes(option);
    for (let byte = 0; byte < 256; byte++) {
      if (first[byte] === 0) continue;
      if (seen[byte] === 1) return false;
      seen[byte] = 1;
    }
  }
  return true;
}
