/**
 * The names of JSON objects, as a tree of what followed what: objects of one kind come again and again with the same names in the
 * same order, and are then recognised name by name. At its end, a node knows how such objects are laid out.
 */
import { type Bytes, compareBytes } from '../../base/index.ts';
import { intern, type Shape, sharedShape } from '../attrs.ts';

export interface NameNode {
  readonly name: Bytes;
  /** The bytes of the name; none where the text writes them with escapes or the name is rare. */
  readonly codes: Uint8Array;
  readonly before: NameNode | undefined;
  /** How many names lead here. */
  readonly depth: number;
  /** The name that followed the last time. */
  last: NameNode | undefined;
  next: Map<Bytes, NameNode> | undefined;
  layout: Layout | undefined;
}

export interface Layout {
  readonly shape: Shape;
  /** For each name of the shape, where it was written (the last time, if more than once); `undefined`: in the order of the shape. */
  readonly order: readonly number[] | undefined;
}

/** Nodes remembered, in all and on one way; beyond, names are taken for keys of data, each seen once. */
const maxNodes = 4000;
const maxDepth = 64;

const NEVER = new Uint8Array([0]);

export class JsonNames {
  readonly start: NameNode = newNode('', NEVER, undefined);
  #nodes = 0;

  next(node: NameNode, name: Bytes): NameNode {
    const known = node.next?.get(name);
    if (known !== undefined) {
      node.last = known;
      return known;
    }
    if (this.#nodes >= maxNodes || node.depth >= maxDepth) return newNode(name, NEVER, node);
    this.#nodes++;
    const isWrittenPlain = !/["\\]/.test(name) && !hasControl(name);
    const made = newNode(intern(name), isWrittenPlain ? Buffer.from(name, 'latin1') : NEVER, node);
    node.next ??= new Map();
    node.next.set(made.name, made);
    node.last = made;
    return made;
  }

  layout(end: NameNode): Layout {
    if (end.layout !== undefined) return end.layout;
    const written: Bytes[] = [];
    for (let node = end; node.before !== undefined; node = node.before) written.push(node.name);
    const layout = layoutOf(written.reverse());
    // The nodes past the limit are met once.
    if (end.codes !== NEVER) end.layout = layout;
    return layout;
  }
}

const newNode = (name: Bytes, codes: Uint8Array, before: NameNode | undefined): NameNode => ({
  name,
  codes,
  before,
  depth: before === undefined ? 0 : before.depth + 1,
  last: undefined,
  next: undefined,
  layout: undefined,
});

const hasControl = (name: Bytes): boolean => /[\x00-\x1f]/.test(name);

function layoutOf(written: readonly Bytes[]): Layout {
  if (isSorted(written)) return { shape: sharedShape(written), order: undefined };
  const places = new Map<Bytes, number>();
  written.forEach((name, index) => {
    places.set(name, index);
  });
  const names = [...places.keys()].sort(compareBytes);
  return { shape: sharedShape(names), order: names.map((name) => places.get(name)!) };
}

function isSorted(names: readonly Bytes[]): boolean {
  for (let i = 1; i < names.length; i++) if (!(names[i - 1]! < names[i]!)) return false;
  return true;
}
