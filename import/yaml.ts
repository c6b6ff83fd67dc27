/**
 * Recipes in YAML, as data with places and comments. Only what recipes use is read: maps with text as keys, lists, scalars.
 * Aliases are refused, and so are large and deep files: what is read comes from elsewhere.
 */

import { isAlias, isMap, isScalar, isSeq, Lexer, type Node, parseDocument, type Scalar } from 'yaml';
import { Fault, isAscii, type Label, type SourceFile, tryBytesToText } from '../base/index.ts';

interface Place {
  readonly source: SourceFile;
  readonly start: number;
  readonly end: number;
}
interface Common extends Place {
  /** Lines of comment above it and beside it, without `#`. */
  readonly comments: readonly string[];
}
export interface YamlScalar extends Common {
  readonly kind: 'scalar';
  /** What YAML 1.1 makes of it, which is what PyYAML reads: `yes` is true, `1.10` the number 1.1. */
  readonly value: string | number | boolean | null;
  /** As it was written, quotes aside. */
  readonly text: string;
}
export interface YamlList extends Common {
  readonly kind: 'list';
  readonly items: readonly YamlValue[];
}
export interface YamlMap extends Common {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
}
export interface YamlEntry {
  readonly key: Place;
  readonly value: YamlValue;
  /** Of the key and of the value, in order. */
  readonly comments: readonly string[];
}
export type YamlValue = YamlScalar | YamlList | YamlMap;

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 12;
const MAX_NODES = 20_000;

/** Reads a file that holds one map. @throws Fault E-IMPORT-002, 003, 007 */
export function readYaml(source: SourceFile): YamlMap {
  if (source.text.length > MAX_BYTES) {
    throw new Fault('E-IMPORT-007', `'${source.name}' has ${source.text.length} bytes, a recipe has at most ${MAX_BYTES}`);
  }
  const text = tryBytesToText(source.text);
  if (text === undefined) throw new Fault('E-IMPORT-002', `'${source.name}' is not UTF-8`);
  const bytesBefore = byteOffsets(text);
  const place = (node: { range?: readonly number[] | null | undefined }): Place => {
    const [start = 0, end = start] = node.range ?? [];
    return { source, start: bytesBefore(start), end: bytesBefore(Math.max(end, start + 1)) };
  };
  const label = (node: { range?: readonly number[] | null | undefined }, message: string): Label => ({
    ...place(node),
    text: message,
  });
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    const labels = [label({ range: [nul, nul + 1] }, 'is this a text file?')];
    throw new Fault('E-IMPORT-002', `'${source.name}' holds a NUL byte`, { labels });
  }
  checkSize(source.name, text, (start) => label({ range: [start, start + 1] }, ''));
  // Not 'silent': that would also pass over all documents but the first.
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const at = place({ range: problem.pos });
    const message =
      problem.code === 'MULTIPLE_DOCS'
        ? 'a second document begins here, and a recipe is one'
        : problem.message.split('\n')[0]!.replace(/[.:]$/, '');
    throw new Fault('E-IMPORT-002', `'${source.name}' cannot be read as YAML`, { labels: [{ ...at, text: message }] });
  }
  const top = document.contents;
  if (top === null || !isMap(top)) {
    throw new Fault('E-IMPORT-003', `'${source.name}' is not a map of fields`, {
      labels: top === null ? [] : [label(top, 'expected name: …')],
    });
  }
  let nNodes = 0;
  const first = commentLines(document.commentBefore);
  const map = convert(top as Node, 0) as YamlMap;
  return { ...map, comments: [...first, ...map.comments, ...commentLines(document.comment)] };

  function convert(node: Node | null, depth: number): YamlValue {
    if (node === null) return { kind: 'scalar', value: null, text: '', comments: [], source, start: 0, end: 0 };
    if (++nNodes > MAX_NODES || depth > MAX_DEPTH) {
      const what = depth > MAX_DEPTH ? `is nested deeper than ${MAX_DEPTH}` : `holds more than ${MAX_NODES} values`;
      throw new Fault('E-IMPORT-007', `'${source.name}' ${what}`, { labels: [label(node, '')] });
    }
    if (isAlias(node)) {
      throw new Fault('E-IMPORT-007', `'${source.name}' holds an alias`, {
        labels: [label(node, 'stands for another part of the file')],
        hints: ['write the value itself'],
      });
    }
    const comments = [...commentLines(node.commentBefore), ...commentLines(node.comment)];
    if (isSeq(node)) {
      return { kind: 'list', items: node.items.map((item) => convert(item as Node | null, depth + 1)), comments, ...place(node) };
    }
    if (isMap(node)) {
      const entries = new Map<string, YamlEntry>();
      for (const { key, value } of node.items) {
        if (!isScalar(key) || isAlias(key)) {
          throw new Fault('E-IMPORT-002', `'${source.name}' has a key that is no text`, {
            labels: [label((key ?? node) as Node, '')],
          });
        }
        const converted = convert(value as Node | null, depth + 1);
        const name = keyText(key);
        if (entries.has(name)) {
          throw new Fault('E-IMPORT-002', `'${source.name}' says '${name}' twice`, { labels: [label(key, 'the second time')] });
        }
        entries.set(name, {
          key: place(key),
          value: converted,
          comments: [...commentLines(key.commentBefore), ...commentLines(key.comment), ...converted.comments],
        });
      }
      return { kind: 'map', entries, comments, ...place(node) };
    }
    const scalar = node as Scalar;
    const written = typeof scalar.source === 'string' ? scalar.source : String(scalar.value);
    const value = plain(scalar.value, written);
    if (typeof value === 'string' && value.includes('\0')) {
      throw new Fault('E-IMPORT-002', `'${source.name}' holds a NUL byte`, { labels: [label(node, 'no text can hold one')] });
    }
    return { kind: 'scalar', value, text: typeof value === 'string' ? value : written, comments, ...place(node) };
  }
}

/** Before the library builds a tree of it: that calls itself at each level, and compares each key with all others. */
function checkSize(name: string, text: string, at: (offset: number) => Label): void {
  let depth = 0;
  let offset = 0;
  let nParts = 0;
  let nBlocks = 0;
  const refuse = (what: string): Fault => new Fault('E-IMPORT-007', `'${name}' ${what}`, { labels: [at(offset)] });
  for (const token of new Lexer().lex(text)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    // what begins a list within a list on the same line nests as well
    if (token === '-' || token === '?') nBlocks++;
    else if (token.trim() !== '' || token === '\n') nBlocks = 0;
    if (depth > MAX_DEPTH || nBlocks > MAX_DEPTH) throw refuse(`is nested deeper than ${MAX_DEPTH}`);
    if (++nParts > 10 * MAX_NODES) throw refuse(`holds more than ${MAX_NODES} values`);
    // those of control characters stand for no text
    if (!/^[\x02\x18\x1f]$/.test(token)) offset += token.length;
  }
}

const keyText = (key: Scalar): string => (typeof key.value === 'string' ? key.value : (key.source ?? String(key.value)));

/** Dates, binary data and whole numbers beyond 2^53 stay text. */
function plain(value: unknown, written: string): string | number | boolean | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  return written;
}

/** How many bytes of UTF-8 stand before an offset. Cost: one scan for all of them. */
function byteOffsets(text: string): (offset: number) => number {
  if (isAscii(text)) return (offset) => offset;
  const offsets = new Uint32Array(text.length + 2);
  let nBytes = 0;
  for (let at = 0; at < text.length; at++) {
    offsets[at] = nBytes;
    const code = text.charCodeAt(at);
    // the second half of a pair stands in the middle of four bytes
    nBytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code <= 0xdfff ? 2 : 3;
  }
  offsets.fill(nBytes, text.length);
  return (offset) => offsets[Math.min(offset, text.length)]!;
}

const commentLines = (comment: string | null | undefined): string[] =>
  comment === null || comment === undefined ? [] : comment.split('\n').map((line) => line.replace(/^ /, '').trimEnd());

/** Plain data: what `meta` can hold. */
export function yamlData(value: YamlValue): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(yamlData);
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, yamlData(entry.value)]));
}
