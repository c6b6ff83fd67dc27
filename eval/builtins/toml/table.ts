import type { Bytes } from '../../../base/index.ts';
import { type Attrs, attrsFromMap } from '../../attrs.ts';
import type { Float, Slot } from '../../value.ts';

/** An array of tables (made by `[[x]]`, may grow), or a finished value; `value` of an array is its items. */
export type TomlItem = Table | Table[] | { readonly value: Bytes | boolean | number | bigint | Float | Attrs | TomlItem[] };

/**
 * How a table came about decides what may still be added: `implicit` by a deeper header, `header` by its own, `dotted` by a dotted
 * name, `inline` is complete.
 */
export class Table {
  readonly items = new Map<Bytes, TomlItem>();
  origin: 'implicit' | 'header' | 'dotted' | 'inline';

  constructor(origin: Table['origin']) {
    this.origin = origin;
  }

  /** Nothing can be added any more, here or in the tables of dotted names inside. */
  close(): void {
    this.origin = 'inline';
    for (const item of this.items.values()) if (item instanceof Table && item.origin === 'dotted') item.close();
  }
}

export function tableToAttrs(table: Table): Attrs {
  const entries = new Map<Bytes, Slot>();
  for (const [name, item] of table.items) entries.set(name, itemToValue(item));
  return attrsFromMap(entries);
}

function itemToValue(item: TomlItem): Slot {
  if (item instanceof Table) return tableToAttrs(item);
  if (Array.isArray(item)) return item.map(tableToAttrs);
  return Array.isArray(item.value) ? item.value.map(itemToValue) : item.value;
}
