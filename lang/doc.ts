/**
 * A small pretty printer after Wadler and Oppen: documents of text, possible line ends and groups; a group is laid out on one line
 * where it fits, else each of its own line ends breaks. Cost: linear, but for `fits`, which looks at most one width ahead.
 */

export type Doc =
  | string
  | readonly Doc[]
  /** `isDouble`: with a blank line where it breaks. */
  | { readonly kind: 'line'; readonly flat: string; readonly isDouble?: true }
  | { readonly kind: 'hard' }
  /** A line end unless the line is still blank. */
  | { readonly kind: 'fresh' }
  /** A blank unless there is one. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'group'; readonly doc: Doc; readonly isBroken: boolean }
  | { readonly kind: 'indent'; readonly doc: Doc }
  /** Text as it is; its line ends neither break groups nor indent. */
  | { readonly kind: 'raw'; readonly text: string }
  /** Lines of a string that moves with the indentation: the first line of the group is text, the others are indented. */
  | { readonly kind: 'block'; readonly open: string; readonly lines: readonly string[]; readonly close: string }
  /** Put before the next line end. */
  | { readonly kind: 'suffix'; readonly text: string };

export const line: Doc = { kind: 'line', flat: ' ' };
export const softline: Doc = { kind: 'line', flat: '' };
export const doubleLine: Doc = { kind: 'line', flat: ' ', isDouble: true };
export const gap: Doc = { kind: 'gap' };
export const hardline: Doc = { kind: 'hard' };
export const freshline: Doc = { kind: 'fresh' };
export const indent = (...doc: Doc[]): Doc => ({ kind: 'indent', doc });
export const raw = (text: string): Doc => (text.includes('\n') ? { kind: 'raw', text } : text);

/** Lays `doc` out on one line if it fits and holds no forced line end. */
export const group = (...doc: Doc[]): Doc => ({ kind: 'group', doc, isBroken: breaks(doc) });
/** A group that breaks whatever its width. */
export const broken = (...doc: Doc[]): Doc => ({ kind: 'group', doc, isBroken: true });

const known = new WeakMap<object, boolean>();

/** Whether a document cannot be on one line. */
export function breaks(doc: Doc): boolean {
  if (typeof doc === 'string') return false;
  const cached = known.get(doc);
  if (cached !== undefined) return cached;
  const result = find(doc);
  known.set(doc, result);
  return result;
}

function find(doc: Exclude<Doc, string>): boolean {
  if (isList(doc)) return doc.some(breaks);
  switch (doc.kind) {
    case 'hard':
    case 'fresh':
    case 'suffix':
    case 'block':
      return true;
    case 'group':
      return doc.isBroken;
    case 'indent':
      return breaks(doc.doc);
    case 'line':
    case 'raw':
    case 'gap':
      return false;
  }
}

const isList = (doc: Exclude<Doc, string>): doc is readonly Doc[] => Array.isArray(doc);

interface Item {
  readonly depth: number;
  readonly isFlat: boolean;
  readonly doc: Doc;
}

const STEP = 2;

/** Renders a document. `width` counts bytes. No line ends in blanks, raw text aside. */
export function render(doc: Doc, width: number): string {
  const out: string[] = [];
  let current = '';
  let suffix = '';
  /** Blanks of the new line, written with its first text. */
  let pendingIndent = 0;
  let isBlank = true;
  const newline = (depth: number): void => {
    out.push(current.replace(/ +$/, ''), suffix, '\n');
    current = '';
    suffix = '';
    pendingIndent = depth;
    isBlank = true;
  };
  const write = (text: string): void => {
    if (text === '') return;
    if (isBlank) {
      if (text.trim() === '') return;
      current = ' '.repeat(pendingIndent);
      isBlank = false;
    }
    current += text;
  };
  const writeRaw = (text: string): void => {
    const at = text.lastIndexOf('\n');
    if (at === -1) {
      write(text);
      return;
    }
    const first = text.indexOf('\n');
    write(text.slice(0, first));
    out.push(current, text.slice(first, at + 1));
    current = text.slice(at + 1);
    isBlank = false;
  };
  const work: Item[] = [{ depth: 0, isFlat: false, doc }];
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    const { depth, isFlat, doc: each } = item;
    if (typeof each === 'string') {
      write(each);
      continue;
    }
    if (isList(each)) {
      for (let i = each.length - 1; i >= 0; i--) work.push({ depth, isFlat, doc: each[i]! });
      continue;
    }
    switch (each.kind) {
      case 'line':
        if (isFlat) write(each.flat);
        else {
          newline(depth);
          if (each.isDouble) newline(depth);
        }
        break;
      case 'gap':
        if (!isBlank && !current.endsWith(' ')) current += ' ';
        break;
      case 'hard':
        newline(depth);
        break;
      case 'fresh':
        if (!isBlank) newline(depth);
        break;
      case 'suffix':
        if (isBlank) write(each.text.trimStart());
        else suffix += each.text;
        break;
      case 'raw':
        if (suffix !== '') newline(depth); // a comment must not end up in a string
        writeRaw(each.text);
        break;
      case 'block': {
        if (suffix !== '') newline(depth);
        write(each.open);
        const body = ' '.repeat(depth + STEP);
        const lines = each.lines.map((text) => (text === '' ? '' : body + text));
        const isClosedOnOwnLine = each.lines.at(-1) === '';
        if (isClosedOnOwnLine) lines[lines.length - 1] = ' '.repeat(depth);
        out.push(current, '\n', ...lines.slice(0, -1).map((text) => `${text}\n`));
        const last = `${lines.at(-1)}${each.close}`;
        const at = last.lastIndexOf('\n');
        out.push(last.slice(0, at + 1));
        current = last.slice(at + 1);
        isBlank = false;
        break;
      }
      case 'indent':
        work.push({ depth: depth + STEP, isFlat, doc: each.doc });
        break;
      case 'group': {
        const column = isBlank ? pendingIndent : current.length;
        const isOneLine = !each.isBroken && (isFlat || fits(each.doc, work, width - column));
        work.push({ depth, isFlat: isOneLine, doc: each.doc });
        break;
      }
    }
  }
  out.push(current.replace(/ +$/, ''), suffix);
  return out.join('');
}

/** Whether `doc` on one line, and what follows it up to the next line end, is at most `room` wide. */
function fits(doc: Doc, rest: readonly Item[], room: number): boolean {
  let left = room;
  let restAt = rest.length;
  const work: Item[] = [{ depth: 0, isFlat: true, doc }];
  while (left >= 0) {
    let item = work.pop();
    if (item === undefined) {
      if (restAt === 0) return true;
      item = rest[--restAt]!;
    }
    const { isFlat, doc: each } = item;
    if (typeof each === 'string') {
      left -= each.length;
      continue;
    }
    if (isList(each)) {
      for (let i = each.length - 1; i >= 0; i--) work.push({ depth: 0, isFlat, doc: each[i]! });
      continue;
    }
    switch (each.kind) {
      case 'line':
        if (!isFlat) return true;
        left -= each.flat.length;
        break;
      case 'hard':
      case 'fresh':
        return true;
      case 'raw':
        return left - each.text.indexOf('\n') >= 0;
      case 'block':
        return left - each.open.length >= 0;
      case 'suffix':
        break;
      case 'gap':
        left--;
        break;
      case 'indent':
        work.push({ depth: 0, isFlat, doc: each.doc });
        break;
      case 'group':
        work.push({ depth: 0, isFlat: isFlat && !each.isBroken, doc: each.doc });
        break;
    }
  }
  return false;
}
