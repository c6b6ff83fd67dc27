/**
 * A small pretty printer after Wadler and Oppen: documents of text, possible line ends and groups; a group is laid out on one line
 * where it fits, else each of its own line ends breaks. Cost: linear, but for `fits`, which looks at most one width ahead.
 */

export type Doc = string | readonly Doc[] | Node;

const LINE = 0;
const HARD = 1;
const FRESH = 2;
const GAP = 3;
const GROUP = 4;
const INDENT = 5;
const RAW = 6;
const BLOCK = 7;
const SUFFIX = 8;
const CHOICE = 9;

/** One shape for all, so that the printer's loop is fast. */
class Node {
  readonly kind: number;
  /** Whether it cannot be on one line. */
  readonly breaks: boolean;
  readonly docs: readonly Doc[];
  readonly text: string;
  /** Of a block. */
  readonly lines: readonly string[];
  /** Of a line: with a blank line where it breaks. */
  readonly isDouble: boolean;

  constructor(kind: number, breaks: boolean, docs: readonly Doc[], text: string, lines: readonly string[], isDouble: boolean) {
    this.kind = kind;
    this.breaks = breaks;
    this.docs = docs;
    this.text = text;
    this.lines = lines;
    this.isDouble = isDouble;
  }
}

const nothing: readonly never[] = [];
const node = (kind: number, breaks: boolean, text = '', isDouble = false): Doc =>
  new Node(kind, breaks, nothing, text, nothing, isDouble);

/** A line end, or a blank on one line. */
export const line: Doc = node(LINE, false, ' ');
/** A line end, or nothing. */
export const softline: Doc = node(LINE, false, '');
/** A line end and a blank line, or a blank. */
export const doubleLine: Doc = node(LINE, false, ' ', true);
/** A blank unless there is one. */
export const gap: Doc = node(GAP, false);
export const hardline: Doc = node(HARD, true);
/** A line end unless the line is still blank. */
export const freshline: Doc = node(FRESH, true);
export const indent = (...docs: Doc[]): Doc => new Node(INDENT, docs.some(breaks), docs, '', nothing, false);
/** Text as it is; its line ends neither break groups nor indent. */
export const raw = (text: string): Doc => (text.includes('\n') ? node(RAW, false, text) : text);
/** Text as it is, which breaks the groups that it is in if it goes over lines. */
export const verbatim = (text: string): Doc => (text.includes('\n') ? node(RAW, true, text) : text);
/** Put before the next line end. */
export const suffix = (text: string): Doc => node(SUFFIX, true, text);
/** The same, where the groups that it is in need not break. */
export const calmSuffix = (text: string): Doc => node(SUFFIX, false, text);
/** Nothing, which breaks the groups that it is in. */
export const breaker: Doc = node(INDENT, true);
/** Lines of a string that moves with the indentation, behind what opens it; the quotes follow the last. */
export const block = (open: string, lines: readonly string[]): Doc => new Node(BLOCK, true, nothing, open, lines, false);
/** Lays documents out on one line if they fit and hold no forced line end. */
export const group = (...docs: Doc[]): Doc => new Node(GROUP, docs.some(breaks), docs, '', nothing, false);
/** The documents of a group, to break with what is around them. */
export const ungrouped = (doc: Doc): Doc => (doc instanceof Node && doc.kind === GROUP && !doc.breaks ? doc.docs : doc);
/** A group that breaks whatever its width. */
export const broken = (...docs: Doc[]): Doc => new Node(GROUP, true, docs, '', nothing, false);

/**
 * `head` on one line and `tail` behind it, if the head and the first line of the tail fit; else `otherwise`. The documents may share
 * parts: one of the two is printed.
 */
export const choice = (head: Doc, tail: Doc, otherwise: Doc): Doc =>
  new Node(CHOICE, breaks(tail), [head, tail, otherwise], '', nothing, false);

export const isChoice = (doc: Doc): boolean => doc instanceof Node && doc.kind === CHOICE;
/** Whether a document is a choice that goes over lines in both forms: its head can stay on the line of what is before it. */
export const staysOpen = (doc: Doc): boolean => isChoice(doc) && breaks(doc);

/** Brackets close around a document that begins and ends like one; where it is a choice, its second form gets lines of its own. */
export function enclosed(open: Doc, doc: Doc, close: Doc): Doc {
  if (!(doc instanceof Node) || doc.kind !== CHOICE) return [open, doc, close];
  const [head, tail, otherwise] = doc.docs;
  return choice([open, head!], [tail!, close], group(open, indent(softline, otherwise!), softline, close));
}

/** Whether a document cannot be on one line. */
export function breaks(doc: Doc): boolean {
  if (typeof doc === 'string') return false;
  return isList(doc) ? doc.some(breaks) : doc.breaks;
}

const isList = (doc: Exclude<Doc, string>): doc is readonly Doc[] => Array.isArray(doc);

const STEP = 2;

/** Renders a document. `width` counts bytes behind the indentation. No line ends in blanks, raw text aside. */
export const render = (doc: Doc, width: number): string => new Printer(width).run(doc);

class Printer {
  readonly #width: number;
  readonly #out: string[] = [];
  #current = '';
  #suffix = '';
  /** Blanks of the new line, written with its first text. */
  #pendingIndent = 0;
  #isBlank: boolean = true as boolean;
  /** Whether the line ends in a comment that runs to its end. */
  #isEnded: boolean = false as boolean;
  /** What is open: documents, the index of the next one, the indentation, and whether they are on one line. */
  readonly #lists: (readonly Doc[])[] = [];
  readonly #at: number[] = [];
  readonly #depths: number[] = [];
  readonly #flats: boolean[] = [];
  /** The same for `#fits`. */
  readonly #fitLists: (readonly Doc[])[] = [];
  readonly #fitAt: number[] = [];
  readonly #fitFlats: boolean[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  run(doc: Doc): string {
    this.#push([doc], 0, false);
    while (this.#lists.length > 0) {
      const top = this.#lists.length - 1;
      const list = this.#lists[top]!;
      const at = this.#at[top]!;
      if (at === list.length) {
        this.#lists.pop();
        this.#at.pop();
        this.#depths.pop();
        this.#flats.pop();
        continue;
      }
      this.#at[top] = at + 1;
      const each = list[at]!;
      const depth = this.#depths[top]!;
      if (typeof each === 'string') this.#write(each, depth);
      else if (isList(each)) this.#push(each, depth, this.#flats[top]!);
      else this.#node(each, depth, this.#flats[top]!);
    }
    this.#out.push(trimBlanks(this.#current), this.#suffix);
    return this.#out.join('');
  }

  #push(list: readonly Doc[], depth: number, isFlat: boolean): void {
    this.#lists.push(list);
    this.#at.push(0);
    this.#depths.push(depth);
    this.#flats.push(isFlat);
  }

  #node(each: Node, depth: number, isFlat: boolean): void {
    switch (each.kind) {
      case LINE:
        if (isFlat) this.#write(each.text, depth);
        else {
          this.#newline(depth);
          if (each.isDouble) this.#newline(depth);
        }
        break;
      case GAP:
        if (!this.#isBlank && !this.#isEnded && !this.#current.endsWith(' ')) this.#current += ' ';
        break;
      case HARD:
        this.#newline(depth);
        break;
      case FRESH:
        if (!this.#isBlank) this.#newline(depth);
        break;
      case SUFFIX:
        if (this.#suffix.includes('#')) this.#newline(depth); // two comments need two lines
        if (this.#isBlank || this.#isEnded) {
          this.#write(each.text.trimStart(), depth);
          this.#isEnded = each.text.startsWith(' #');
        } else this.#suffix += each.text;
        break;
      case RAW:
        if (this.#suffix !== '' || this.#isEnded) this.#newline(depth); // a comment must not end up in a string
        this.#raw(each.text, depth);
        break;
      case BLOCK:
        if (this.#suffix !== '' || this.#isEnded) this.#newline(depth);
        this.#block(each, depth);
        break;
      case INDENT:
        this.#push(each.docs, depth + STEP, isFlat);
        break;
      case CHOICE:
        this.#choose(each.docs, depth, isFlat);
        break;
      default: {
        const isOneLine = !each.breaks && (isFlat || this.#fits(each.docs, this.#room));
        this.#push(each.docs, depth, isOneLine);
      }
    }
  }

  #choose([head, tail, otherwise]: readonly Doc[], depth: number, isFlat: boolean): void {
    if (isFlat || this.#fits([head!], this.#room, [tail!])) {
      this.#push([tail!], depth, isFlat);
      this.#push([head!], depth, true);
    } else this.#push([otherwise!], depth, false);
  }

  /** How much may still be written on this line. Its indentation does not count. */
  get #room(): number {
    return this.#isBlank ? this.#width : this.#width + this.#pendingIndent - this.#current.length;
  }

  #newline(depth: number): void {
    this.#out.push(trimBlanks(this.#current), this.#suffix, '\n');
    this.#current = '';
    this.#suffix = '';
    this.#pendingIndent = depth;
    this.#isBlank = true;
    this.#isEnded = false;
  }

  #write(text: string, depth: number): void {
    if (text === '') return;
    if (this.#isEnded) this.#newline(depth);
    if (this.#isBlank) {
      if (text.charCodeAt(0) <= 0x20 && text.trim() === '') return;
      this.#current = ' '.repeat(this.#pendingIndent);
      this.#isBlank = false;
    }
    this.#current += text;
  }

  #raw(text: string, depth: number): void {
    const at = text.lastIndexOf('\n');
    const first = text.indexOf('\n');
    this.#write(text.slice(0, first), depth);
    this.#out.push(this.#current, text.slice(first, at + 1));
    this.#current = text.slice(at + 1);
    this.#isBlank = false;
  }

  #block({ text, lines }: Node, depth: number): void {
    this.#write(text, depth);
    const body = ' '.repeat(depth + STEP);
    const isClosedOnOwnLine = lines.at(-1) === '';
    const last = isClosedOnOwnLine ? ' '.repeat(depth) : body + lines.at(-1)!;
    this.#out.push(this.#current, '\n');
    for (let i = 0; i < lines.length - 1; i++) {
      if (lines[i] !== '') this.#out.push(body, lines[i]!);
      this.#out.push('\n');
    }
    const end = `${last}''`;
    const at = end.lastIndexOf('\n');
    this.#out.push(end.slice(0, at + 1));
    this.#current = end.slice(at + 1);
    this.#isBlank = false;
  }

  /** Whether `docs` on one line, and what follows them up to the next line end, are at most `room` wide. `tail` may break. */
  #fits(docs: readonly Doc[], room: number, tail: readonly Doc[] = nothing): boolean {
    const [lists, ats, flats] = [this.#fitLists, this.#fitAt, this.#fitFlats];
    lists.length = ats.length = flats.length = 0;
    if (tail.length > 0) {
      lists.push(tail);
      ats.push(0);
      flats.push(false);
    }
    lists.push(docs);
    ats.push(0);
    flats.push(true);
    let left = room;
    let rest = this.#lists.length;
    while (left >= 0) {
      const top = lists.length - 1;
      if (top < 0) {
        if (rest === 0) return true;
        rest--;
        lists.push(this.#lists[rest]!);
        ats.push(this.#at[rest]!);
        flats.push(this.#flats[rest]!);
        continue;
      }
      const list = lists[top]!;
      const at = ats[top]!;
      if (at === list.length) {
        lists.pop();
        ats.pop();
        flats.pop();
        continue;
      }
      ats[top] = at + 1;
      const each = list[at]!;
      const isFlat = flats[top]!;
      if (typeof each === 'string') {
        left -= each.length;
        continue;
      }
      if (isList(each)) {
        lists.push(each);
        ats.push(0);
        flats.push(isFlat);
        continue;
      }
      switch (each.kind) {
        case LINE:
          if (!isFlat) return true;
          left -= each.text.length;
          break;
        case HARD:
        case FRESH:
          return true;
        case RAW:
          return left - each.text.indexOf('\n') >= 0;
        case BLOCK:
          return left - each.text.length >= 0;
        case GAP:
          left--;
          break;
        case INDENT:
        case GROUP:
          lists.push(each.docs);
          ats.push(0);
          flats.push(isFlat && !(each.kind === GROUP && each.breaks));
          break;
        case CHOICE:
          lists.push(each.docs.slice(1, 2), each.docs.slice(0, 1));
          ats.push(0, 0);
          flats.push(isFlat, true);
          break;
        default: // SUFFIX takes no room
      }
    }
    return false;
  }
}

function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end--;
  return end === text.length ? text : text.slice(0, end);
}
