/** Values as XML: the format of `toXML`. */

import type { Bytes, Span } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { dataDepth } from '../depth.ts';
import { tooDeep } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { shownPath } from '../path.ts';
import { Thunk } from '../thunk.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, type Slot, type Value } from '../value.ts';
import { ByteWriter } from './byte-writer.ts';
import { floatGeneral } from './float-text.ts';

export interface XmlOptions {
  /** Functions and attributes say where they are. */
  readonly isLocated: boolean;
  /** Evaluates deeply; otherwise what is inside and was not needed stays `<unevaluated />`. */
  readonly isStrict: boolean;
}

/** What strings depend on is added to `context`. */
export function writeXml(
  ctx: Evaluator,
  slot: Slot,
  context: Set<string>,
  options: XmlOptions = { isLocated: false, isStrict: true },
): Bytes {
  const writer = new Writer(ctx, context, options);
  return `<?xml version='1.0' encoding='utf-8'?>\n<expr>\n${writer.text(slot)}</expr>\n`;
}

class Writer {
  readonly #bytes = new ByteWriter(0);
  readonly #ctx: Evaluator;
  readonly #context: Set<string>;
  readonly #isLocated: boolean;
  readonly #isStrict: boolean;
  /** Derivations are written out once. */
  readonly #seen = new Set<Bytes>();

  constructor(ctx: Evaluator, context: Set<string>, { isLocated, isStrict }: XmlOptions) {
    this.#ctx = ctx;
    this.#context = context;
    this.#isLocated = isLocated;
    this.#isStrict = isStrict;
  }

  text(slot: Slot): Bytes {
    this.#value(this.#ctx.force(slot), 1);
    return this.#bytes.end();
  }

  #inner(slot: Slot, depth: number): void {
    const value = this.#isStrict ? this.#ctx.force(slot) : madeAlready(slot);
    if (value === undefined) this.#line(depth, UNEVALUATED);
    else this.#value(value, depth);
  }

  #value(value: Value, depth: number): void {
    if (typeof value === 'number' || typeof value === 'bigint') this.#leaf(depth, 'int', String(value));
    else if (typeof value === 'boolean') this.#leaf(depth, 'bool', String(value));
    else if (value === null) this.#line(depth, '<null />');
    else if (typeof value === 'string') this.#leaf(depth, 'string', value);
    else if (value instanceof ContextString) {
      for (const each of value.context) this.#context.add(each);
      this.#leaf(depth, 'string', value.text);
    } else if (value instanceof PathValue) this.#leaf(depth, 'path', shownPath(value.path));
    else if (value instanceof Float) this.#leaf(depth, 'float', floatGeneral(value.value));
    else if (Array.isArray(value)) this.#list(value, depth);
    else if (value instanceof Attrs) this.#set(value, depth);
    else if (value instanceof Lambda) this.#function(value, depth);
    else if (value instanceof PrimOp && value.formals !== undefined) {
      const { as, names } = value.formals;
      this.#element(depth, 'function', () => this.#formals(depth + 1, { as, isOpen: true, names: [...names.keys()] }));
    } else this.#line(depth, UNEVALUATED);
  }

  #list(items: readonly Slot[], depth: number): void {
    this.#checkDepth(depth);
    this.#element(depth, 'list', () => {
      for (const item of items) this.#inner(item, depth + 1);
    });
  }

  #set(set: Attrs, depth: number): void {
    this.#checkDepth(depth);
    if (!this.#isDerivation(set)) {
      this.#element(depth, 'attrs', () => this.#attributes(set, depth + 1));
      return;
    }
    const drvPath = this.#text(set.get('drvPath'));
    const outPath = this.#text(set.get('outPath'));
    const attributes = `${drvPath === undefined ? '' : ` drvPath="${escapeXml(drvPath)}"`}${outPath === undefined ? '' : ` outPath="${escapeXml(outPath)}"`}`;
    this.#element(
      depth,
      'derivation',
      () => {
        if (drvPath !== undefined && drvPath !== '' && !this.#seen.has(drvPath)) {
          this.#seen.add(drvPath);
          this.#attributes(set, depth + 1);
        } else this.#line(depth + 1, '<repeated />');
      },
      attributes,
    );
  }

  /** Indentation makes the text quadratic in the levels; long before they are many it is too large for any string. */
  #checkDepth(depth: number): void {
    const limit = dataDepth(this.#ctx.settings);
    if (depth > 2 * limit) throw tooDeep(limit);
  }

  #isDerivation(set: Attrs): boolean {
    const type = set.get('type');
    return type !== undefined && this.#ctx.force(type) === 'derivation';
  }

  #text(slot: Slot | undefined): Bytes | undefined {
    if (slot === undefined) return undefined;
    const value = this.#isStrict ? this.#ctx.force(slot) : madeAlready(slot);
    return value instanceof ContextString ? value.text : typeof value === 'string' ? value : undefined;
  }

  #attributes(set: Attrs, depth: number): void {
    const { names, spans } = set.shape;
    names.forEach((name, index) => {
      const { before, after } = this.#place(spans?.[index]);
      const attributes = `${before} name="${escapeXml(name)}"${after}`;
      this.#element(depth, 'attr', () => this.#inner(set.slots[index]!, depth + 1), attributes);
    });
  }

  #function(fn: Lambda, depth: number): void {
    const { param } = fn.site.node;
    const { before, after } = this.#place(fn.site.span);
    const inside = (): void => {
      if (param.kind === 'name') {
        this.#line(depth + 1, `<varpat name="${escapeXml(param.name)}" />`);
        return;
      }
      const names = param.formals.map((formal) => formal.name).sort();
      this.#formals(depth + 1, { as: param.as, isOpen: param.isOpen, names });
    };
    this.#element(depth, 'function', inside, before + after);
  }

  #formals(depth: number, { as, isOpen, names }: { as: Bytes | undefined; isOpen: boolean; names: readonly Bytes[] }): void {
    const attributes = `${isOpen ? ' ellipsis="1"' : ''}${as === undefined ? '' : ` name="${escapeXml(as)}"`}`;
    const body = (): void => {
      for (const name of names) this.#line(depth + 1, `<attr name="${escapeXml(name)}" />`);
    };
    this.#element(depth, 'attrspat', body, attributes);
  }

  /** The XML attributes of a place, in the order of their names: some sort before `name`, one behind. */
  #place(span: Span | undefined): { before: Bytes; after: Bytes } {
    if (!this.#isLocated || span === undefined) return { before: '', after: '' };
    const { line, column } = span.source.bytePosition(span.start);
    const file = this.#ctx.fileOf(span);
    return { before: ` column="${column}" line="${line}"`, after: file === undefined ? '' : ` path="${escapeXml(file)}"` };
  }

  #leaf(depth: number, tag: string, value: Bytes): void {
    this.#line(depth, `<${tag} value="${escapeXml(value)}" />`);
  }

  #element(depth: number, tag: string, body: () => void, attributes = ''): void {
    this.#line(depth, `<${tag}${attributes}>`);
    body();
    this.#line(depth, `</${tag}>`);
  }

  #line(depth: number, text: string): void {
    for (let at = 0; at < depth; at++) this.#bytes.write('  ', 0, 2);
    this.#bytes.write(text, 0, text.length);
    this.#bytes.write('\n', 0, 1);
  }
}

const UNEVALUATED = '<unevaluated />';

/** A function that nothing asked for is suspended in Nix; here a closure is made at once. */
function madeAlready(slot: Slot): Value | undefined {
  const value = slot instanceof Thunk ? (slot.code === null ? (slot.held as Value) : undefined) : slot;
  return value === slot && value instanceof Lambda ? undefined : value;
}

const ENTITIES: Readonly<Record<string, string>> = { '"': '&quot;', '<': '&lt;', '>': '&gt;', '&': '&amp;', '\n': '&#xA;' };

const escapeXml = (text: Bytes): Bytes =>
  /["<>&\n]/.test(text) ? text.replaceAll(/["<>&\n]/g, (char) => ENTITIES[char]!) : text;
