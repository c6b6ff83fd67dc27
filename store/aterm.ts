/**
 * The text of a `.drv`: an ATerm in the one form that Nix writes. Encoding is canonical (everything sorted bytewise), decoding is strict:
 * what it accepts, encoding gives back byte for byte.
 *
 * @source docs/store.md §3
 */
import { type Bytes, bytesToText, compareBytes, Fault, never, SourceFile } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { hashSizes, isHashAlgorithm } from './hash.ts';
import { methodPrefix, parseStorePath } from './store-path.ts';
import type { Derivation, DerivationOutput, HashAlgorithm, IngestionMethod, StorePath } from './types.ts';

/** What may differ from the derivation itself: the text that is hashed to find its output paths. */
export interface ATermVariant {
  /** Output paths, and the variables named like outputs, are left empty. */
  readonly isMasked?: boolean;
  /** Stands in for the derivation's inputs: hash → outputs. */
  readonly inputs?: ReadonlyMap<string, readonly string[]>;
}

/** The canonical text. No method-specific errors. */
export function encodeDerivation(drv: Derivation, variant: ATermVariant = {}): Bytes {
  const isMasked = variant.isMasked === true;
  let text = 'Derive([';
  let comma = '';
  for (const [name, output] of inOrder(drv.outputs)) {
    text += `${comma}(${quote(name)},${outputColumns(output, isMasked)})`;
    comma = ',';
  }
  text += '],[';
  comma = '';
  for (const [path, names] of inOrder<readonly string[]>(variant.inputs ?? drv.inputDrvs)) {
    text += `${comma}(${quote(path)},${list(names.length < 2 ? names : [...names].sort(compareBytes))})`;
    comma = ',';
  }
  const { inputSrcs } = drv;
  text += `],${list(inputSrcs.length < 2 ? inputSrcs : [...inputSrcs].sort(compareBytes))},${quote(drv.system)},${quote(drv.builder)},${list(drv.args)},[`;
  comma = '';
  for (const [name, value] of inOrder(drv.env)) {
    text += `${comma}(${quote(name)},${isMasked && drv.outputs.has(name) ? '""' : quote(value)})`;
    comma = ',';
  }
  return `${text}])`;
}

/** What was decoded is sorted already, and then no array is made. */
function inOrder<T>(map: ReadonlyMap<string, T>): Iterable<readonly [string, T]> {
  let last: string | undefined;
  for (const key of map.keys()) {
    if (last !== undefined && key < last) return [...map].sort(([a], [b]) => compareBytes(a, b));
    last = key;
  }
  return map;
}

/** Of quoted texts. */
function list(items: readonly Bytes[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) text += i === 0 ? quote(items[i]!) : `,${quote(items[i]!)}`;
  return `${text}]`;
}

function outputColumns(output: DerivationOutput, isMasked: boolean): string {
  switch (output.kind) {
    case 'input-addressed':
      return `"${isMasked ? '' : output.path}","",""`;
    case 'fixed':
      return `"${isMasked ? '' : output.path}","${methodPrefix(output.method)}${output.digest.algorithm}","${output.digest.hex}"`;
    case 'floating':
      return `"","${methodPrefix(output.method)}${output.algorithm}",""`;
    case 'deferred':
      return '"","",""';
    default:
      return never(output);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const ESCAPED = /[\\"\n\r\t]/;

const quote = (text: Bytes): string =>
  ESCAPED.test(text) ? `"${text.replaceAll(/[\\"\n\r\t]/g, (char) => ESCAPES[char]!)}"` : `"${text}"`;

/**
 * @param name   the derivation's, without `.drv`
 * @param text   content of the `.drv`
 * @throws Fault E-STORE-006 not in canonical form, with the place · E-STORE-007 impure or dynamic
 */
export function decodeDerivation(name: string, text: Bytes, storeDir: string): Derivation {
  const reader = new Reader(name, text, storeDir);
  if (text.startsWith('DrvWithVersion(')) throw reader.unsupported('is dynamic (DrvWithVersion)');
  reader.expect('Derive(');
  const outputs = new Map(reader.sorted('output', () => reader.output()));
  reader.expect(',');
  const inputDrvs = new Map(reader.sorted('input derivation', () => reader.input()));
  reader.expect(',');
  const inputSrcs = reader.sorted('input source', () => reader.path()).map(([path]) => path);
  reader.expect(',');
  const system = reader.string();
  reader.expect(',');
  const builder = reader.string();
  reader.expect(',');
  const args = reader.list(() => reader.string());
  reader.expect(',');
  const env = new Map(reader.sorted('variable', () => reader.variable()));
  reader.expect(')');
  if (reader.at !== text.length) throw reader.fault('the text goes on after its end');
  if (outputs.size === 0) throw reader.fault('it has no outputs');
  const kinds = new Set([...outputs.values()].map((output) => output.kind));
  if (kinds.size > 1) throw reader.fault(`it mixes ${[...kinds].sort(compareBytes).join(' and ')} outputs`);
  if (kinds.has('fixed') && (outputs.size > 1 || !outputs.has('out')))
    throw reader.fault("a fixed output is alone and named 'out'");
  return { name, outputs, inputDrvs, inputSrcs, system, builder, args, env };
}

class Reader {
  readonly name: string;
  readonly text: Bytes;
  readonly storeDir: string;
  at = 0;

  constructor(name: string, text: Bytes, storeDir: string) {
    this.name = name;
    this.text = text;
    this.storeDir = storeDir;
  }

  expect(token: string): void {
    if (!this.text.startsWith(token, this.at)) throw this.fault(`expected '${token}'`);
    this.at += token.length;
  }

  list<T>(item: () => T): T[] {
    this.expect('[');
    const items: T[] = [];
    if (this.text[this.at] === ']') {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(item());
      const next = this.text[this.at];
      if (next === ']') {
        this.at++;
        return items;
      }
      if (next !== ',') throw this.fault("expected ',' or ']'");
      this.at++;
    }
  }

  /** A list whose first columns strictly ascend. */
  sorted<T, K extends string = string>(what: string, item: () => [K, T]): [K, T][] {
    let last: string | undefined;
    return this.list(() => {
      const start = this.at;
      const entry = item();
      if (last !== undefined && entry[0] <= last) {
        throw this.fault(entry[0] === last ? `${what} '${bytesToText(last)}' occurs twice` : `${what}s are not sorted`, start);
      }
      last = entry[0];
      return entry;
    });
  }

  string(): Bytes {
    this.expect('"');
    const { text } = this;
    const end = text.indexOf('"', this.at);
    const plain = end === -1 ? '' : text.slice(this.at, end);
    if (end !== -1 && !ESCAPED.test(plain)) {
      this.at = end + 1;
      return plain;
    }
    const parts: string[] = [];
    let start = this.at;
    for (let at = this.at; ; at++) {
      const char = text[at];
      if (char === undefined) throw this.fault('the string does not end', this.at - 1);
      if (char === '"') {
        parts.push(text.slice(start, at));
        this.at = at + 1;
        return parts.join('');
      }
      if (char === '\n' || char === '\r' || char === '\t')
        throw this.fault('a string holds a control character that must be escaped', at);
      if (char !== '\\') continue;
      const value = UNESCAPES[text[at + 1] ?? ''];
      if (value === undefined) throw this.fault('unknown escape', at);
      parts.push(text.slice(start, at), value);
      at++;
      start = at + 1;
    }
  }

  storePath(): StorePath {
    const start = this.at;
    const text = this.string();
    try {
      return parseStorePath(text, this.storeDir);
    } catch (error) {
      throw error instanceof Fault ? this.fault(error.message, start, error.hints) : error;
    }
  }

  path(): [StorePath, undefined] {
    return [this.storePath(), undefined];
  }

  output(): [string, DerivationOutput] {
    this.expect('(');
    const start = this.at;
    const name = this.string();
    if (!/^[0-9a-zA-Z+._?=-]+$/.test(name)) throw this.fault('bad output name', start);
    this.expect(',');
    const pathStart = this.at;
    const hasPath = !this.text.startsWith('""', pathStart);
    const path = hasPath ? this.storePath() : undefined;
    if (!hasPath) this.string();
    this.expect(',');
    const algorithmStart = this.at;
    const algorithm = this.string();
    this.expect(',');
    const hashStart = this.at;
    const hash = this.string();
    this.expect(')');
    if (hash === 'impure') throw this.unsupported('is impure');
    if (algorithm === '') {
      if (hash !== '') throw this.fault('a hash without its algorithm', hashStart);
      return [name, path === undefined ? { kind: 'deferred' } : { kind: 'input-addressed', path }];
    }
    const how = this.hashing(algorithm, algorithmStart);
    if (hash === '') {
      if (path !== undefined) throw this.fault('an output with an algorithm and no hash has no path', pathStart);
      return [name, { kind: 'floating', ...how }];
    }
    if (path === undefined) throw this.fault('a fixed output has a path', pathStart);
    if (hash.length !== hashSizes[how.algorithm] * 2 || !/^[0-9a-f]*$/.test(hash)) {
      throw this.fault(`not a ${how.algorithm} hash in hexadecimal`, hashStart);
    }
    return [name, { kind: 'fixed', path, method: how.method, digest: { algorithm: how.algorithm, hex: hash } }];
  }

  hashing(text: string, start: number): { method: IngestionMethod; algorithm: HashAlgorithm } {
    const algorithm = text.replace(/^r:/, '');
    if (!isHashAlgorithm(algorithm)) throw this.fault(`unknown way of hashing '${bytesToText(text)}'`, start);
    return { method: algorithm === text ? 'flat' : 'nar', algorithm };
  }

  input(): [StorePath, readonly string[]] {
    this.expect('(');
    const start = this.at;
    const path = this.storePath();
    if (!path.endsWith('.drv')) throw this.fault(`the input '${path}' is not a derivation`, start);
    this.expect(',');
    if (this.text[this.at] === '(') throw this.unsupported('has dynamic inputs');
    const outputs = this.sorted('output', () => [this.string(), undefined]).map(([output]) => output);
    this.expect(')');
    return [path, outputs];
  }

  variable(): [string, Bytes] {
    this.expect('(');
    const name = this.string();
    this.expect(',');
    const value = this.string();
    this.expect(')');
    return [name, value];
  }

  fault(reason: string, at: number = this.at, hints: readonly string[] = []): Fault {
    // An excerpt of its own: a derivation is one long line.
    const start = Math.max(0, at - 24);
    const end = Math.min(this.text.length, at + 40);
    const excerpt = `${start > 0 ? '…' : ''}${bytesToText(this.text.slice(start, end)).replaceAll(/[\x00-\x1f\x7f]/g, '·')}${end < this.text.length ? '…' : ''}`;
    const column = (start > 0 ? 1 : 0) + at - start;
    const source = new SourceFile(`${this.name}.drv, byte ${at}`, Buffer.from(excerpt, 'utf8').toString('latin1'));
    const offset = Buffer.byteLength(excerpt.slice(0, column), 'utf8');
    return new Fault('E-STORE-006' satisfies StoreCode, `'${this.name}.drv' is not a derivation: ${reason}`, {
      labels: [{ source, start: offset, end: offset + 1, text: 'here' }],
      hints,
    });
  }

  unsupported(what: string): Fault {
    return new Fault('E-STORE-007' satisfies StoreCode, `derivation '${this.name}' ${what}, which is not supported`, {
      hints: ['build it with the Nix version that made it, and add its output as a source'],
    });
  }
}

const UNESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r', t: '\t' };
