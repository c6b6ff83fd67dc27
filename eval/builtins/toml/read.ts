/**
 * TOML 1.0 → values. Strict: what the specification calls invalid is refused with its place. Dates and times are refused
 * unless asked for, because the language has no type for them. Works on bytes.
 *
 * @source the TOML 1.0.0 specification
 */
import { type Bytes, tryBytesToText } from '../../../base/index.ts';
import type { Attrs } from '../../attrs.ts';
import { BYTE_ORDER_MARK } from '../json-read.ts';
import { Cursor } from './cursor.ts';
import { readScalar } from './scalar.ts';
import { readString } from './string.ts';
import { Table, type TomlItem, tableToAttrs } from './table.ts';
import { isAtTimestamp, readTimestamp } from './timestamp.ts';

/** Arrays and inline tables inside each other. */
const maxDepth = 1000;

/** @throws TomlError */
export function readToml(text: Bytes, options: { readonly hasTimestamps?: boolean } = {}): Attrs {
  const cursor = new Cursor(text, options);
  if (tryBytesToText(text) === undefined) throw cursor.error('the text is not UTF-8', 0);
  cursor.take(BYTE_ORDER_MARK);
  const root = new Table('header');
  let current = root;
  for (;;) {
    cursor.skipBlank();
    if (cursor.isAtEnd()) return tableToAttrs(root);
    if (cursor.take('[[')) current = arrayHeader(cursor, root);
    else if (cursor.take('[')) current = tableHeader(cursor, root);
    else keyValue(cursor, current, 0);
    cursor.endLine();
  }
}

function tableHeader(cursor: Cursor, root: Table): Table {
  const start = cursor.at - 1;
  const path = key(cursor);
  cursor.expect(']', "']' was expected");
  const parent = descend(cursor, root, path.slice(0, -1), start);
  const name = path.at(-1)!;
  const known = parent.items.get(name);
  if (known === undefined) {
    const table = new Table('header');
    parent.items.set(name, table);
    return table;
  }
  // A table that deeper headers made on their way may still get its own header, once.
  if (!(known instanceof Table) || known.origin !== 'implicit') throw cursor.error(`'${path.join('.')}' is defined twice`, start);
  known.origin = 'header';
  return known;
}

function arrayHeader(cursor: Cursor, root: Table): Table {
  const start = cursor.at - 2;
  const path = key(cursor);
  cursor.expect(']]', "']]' was expected");
  const parent = descend(cursor, root, path.slice(0, -1), start);
  const name = path.at(-1)!;
  const table = new Table('header');
  const known = parent.items.get(name);
  if (known === undefined) parent.items.set(name, [table]);
  else if (Array.isArray(known)) known.push(table);
  else throw cursor.error(`'${path.join('.')}' is defined already, and is no array of tables`, start);
  return table;
}

/** Through the tables of a header; those that are missing are made. */
function descend(cursor: Cursor, root: Table, path: readonly Bytes[], start: number): Table {
  let table = root;
  for (const name of path) {
    const item = table.items.get(name);
    const next = Array.isArray(item) ? item.at(-1) : item;
    if (next === undefined) {
      const made = new Table('implicit');
      table.items.set(name, made);
      table = made;
    } else if (next instanceof Table && next.origin !== 'inline') table = next;
    else throw cursor.error(`'${name}' is not a table that can be extended`, start);
  }
  return table;
}

function keyValue(cursor: Cursor, target: Table, depth: number): void {
  const start = cursor.at;
  const path = key(cursor);
  cursor.expect('=', "'=' was expected");
  cursor.skipSpace();
  let table = target;
  for (const name of path.slice(0, -1)) {
    const item = table.items.get(name);
    if (item === undefined) {
      const made = new Table('dotted');
      table.items.set(name, made);
      table = made;
    } else if (item instanceof Table && item.origin === 'dotted') table = item;
    else throw cursor.error(`'${path.join('.')}' cannot be added to '${name}', which is defined elsewhere`, start);
  }
  const name = path.at(-1)!;
  if (table.items.has(name)) throw cursor.error(`'${path.join('.')}' is defined twice`, start);
  table.items.set(name, value(cursor, depth));
}

function key(cursor: Cursor): Bytes[] {
  const path: Bytes[] = [];
  for (;;) {
    cursor.skipSpace();
    if (cursor.isAt('"') || cursor.isAt("'")) {
      if (cursor.isAt('"""') || cursor.isAt("'''")) throw cursor.error('a name cannot have several lines');
      path.push(readString(cursor));
    } else path.push(cursor.match(/[A-Za-z0-9_-]+/y)?.[0] ?? cursor.fail('a name was expected'));
    cursor.skipSpace();
    if (!cursor.take('.')) return path;
  }
}

function value(cursor: Cursor, depth: number): TomlItem {
  if (depth > maxDepth) throw cursor.error(`nested deeper than ${maxDepth}`);
  if (cursor.isAt('"') || cursor.isAt("'")) return { value: readString(cursor) };
  if (cursor.take('[')) return { value: array(cursor, depth) };
  if (cursor.take('{')) return inlineTable(cursor, depth);
  if (isAtTimestamp(cursor)) return { value: readTimestamp(cursor) };
  return { value: readScalar(cursor) };
}

function array(cursor: Cursor, depth: number): TomlItem[] {
  const items: TomlItem[] = [];
  for (;;) {
    cursor.skipBlank();
    if (cursor.take(']')) return items;
    items.push(value(cursor, depth + 1));
    cursor.skipBlank();
    if (cursor.take(']')) return items;
    cursor.expect(',', "',' or ']' was expected");
  }
}

function inlineTable(cursor: Cursor, depth: number): Table {
  const table = new Table('dotted');
  cursor.skipSpace();
  if (!cursor.take('}')) {
    for (;;) {
      keyValue(cursor, table, depth + 1);
      cursor.skipSpace();
      if (cursor.take('}')) break;
      cursor.expect(',', "',' or '}' was expected");
    }
  }
  table.close();
  return table;
}
