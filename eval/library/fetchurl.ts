/**
 * `fetchurl` and `fetchTarball`: fixed-output derivations that the builder fetches (`builtin:fetchurl`). The hash decides what is
 * right, so any number of places to get it from can be named; they are tried in order and are not part of the output's path.
 */
import { bytesToText, didYouMean, Fault } from '../../base/index.ts';
import type { Attrs } from '../attrs.ts';
import { attrsFromMap } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import { PrimOp, type Slot, type Value } from '../value.ts';
import type { LibraryEntry } from './library.ts';

const HASHES = ['sha256', 'sha512', 'sha1', 'md5', 'hash'];
const OPTIONS = ['url', 'urls', 'mirrors', 'debian', ...HASHES, 'name', 'executable', 'unpack'];

export const fetchurl: LibraryEntry = {
  name: 'fetchurl',
  doc: 'A file from the network, named by its hash. `url` or `urls`, further `mirrors`, and `debian = "hello=2.10-3"`: the original tarball of that Debian source package, asked of the Debian mirror that the machine uses, after all other places.',
  example: 'fetchurl { url = "https://ftp.gnu.org/gnu/hello/hello-2.10.tar.gz"; sha256 = "…"; debian = "hello=2.10-3"; }',
  options: OPTIONS,
  make: (evaluator) => new PrimOp('fetchurl', 1, evaluator, (_ctx, options) => fetch(evaluator, 'fetchurl', options)),
};

export const fetchTarball: LibraryEntry = {
  name: 'fetchTarball',
  doc: 'Like `fetchurl`, but unpacked; one top folder is stripped, and the hash is that of the folder.',
  example: 'fetchTarball { url = "https://example.org/x-1.0.tar.gz"; sha256 = "…"; }',
  options: OPTIONS,
  make: (evaluator) => new PrimOp('fetchTarball', 1, evaluator, (_ctx, options) => fetch(evaluator, 'fetchTarball', options)),
};

function fetch(evaluator: Evaluator, fn: 'fetchurl' | 'fetchTarball', options: Slot): Value {
  const what = `the argument of ${fn}`;
  const set = evaluator.forceAttrs(options, what);
  for (const name of set.names) if (!OPTIONS.includes(name)) throw unknownOption(fn, set, name);
  const text = (name: string): string | undefined => {
    const slot = set.get(name);
    return slot === undefined ? undefined : evaluator.forceStringNoContext(slot, `'${name}' of ${fn}`);
  };
  const texts = (name: string): string[] => {
    const slot = set.get(name);
    if (slot === undefined) return [];
    return evaluator
      .forceList(slot, `'${name}' of ${fn}`)
      .map((item) => evaluator.forceStringNoContext(item, `an item of '${name}' of ${fn}`));
  };

  const url = text('url');
  const debian = text('debian');
  const urls = [...(url === undefined ? [] : [url]), ...texts('urls'), ...texts('mirrors')];
  const fileName = text('name') ?? (urls[0] === undefined ? undefined : baseName(urls[0])) ?? debianFileName(debian);
  if (debian !== undefined) urls.push(debianUrl(fn, debian));
  if (urls.length === 0 || fileName === undefined) throw incomplete(fn, 'where to get it from', 'url = "https://…";');
  const bad = urls.find((each) => /\s/.test(each) || !each.includes(':'));
  if (bad !== undefined) throw incomplete(fn, `a usable address: '${bytesToText(bad)}' is none`, 'url = "https://…";');

  const hash = HASHES.find((name) => set.has(name));
  if (hash === undefined) throw incomplete(fn, 'the hash of what must arrive', 'sha256 = "…";');
  const digest = text(hash)!;
  const algorithm = hash === 'hash' ? digest.split(/[-:]/)[0]! : hash;
  const isUnpacked = fn === 'fetchTarball' || (set.has('unpack') && evaluator.forceBool(set.get('unpack')!, `'unpack' of ${fn}`));
  const isExecutable = set.has('executable') && evaluator.forceBool(set.get('executable')!, `'executable' of ${fn}`);

  const entries = new Map<string, Slot>([
    ['builder', 'builtin:fetchurl'],
    ['name', storeName(isUnpacked ? fileName.replace(/\.(tar(\.[a-z0-9]+)?|t[a-z]?z[a-z0-9]*)$/, '') : fileName)],
    ['outputHash', digest],
    ['outputHashAlgo', algorithm],
    ['outputHashMode', isUnpacked || isExecutable ? 'recursive' : 'flat'],
    ['preferLocalBuild', true],
    ['system', 'builtin'],
    ['url', urls[0]!],
    ['urls', urls],
  ]);
  if (isUnpacked) entries.set('unpack', true);
  if (isExecutable) entries.set('executable', true);
  const derivation = evaluator.force(evaluator.globals.get('derivation')!);
  return evaluator.call(derivation, attrsFromMap(entries));
}

/** `debian-source:NAME=VERSION`, or `…/FILE` where the package has several: the builder knows how to fetch it. */
function debianUrl(fn: string, source: string): string {
  if (!/^[a-z0-9][a-z0-9+.-]*=[0-9A-Za-z.+~:-]+(\/[A-Za-z0-9+._~-]+)?$/.test(source)) {
    throw incomplete(fn, `a Debian source package: '${source}' is none`, 'debian = "hello=2.10-3";');
  }
  return `debian-source:${source}`;
}

function debianFileName(source: string | undefined): string | undefined {
  if (source?.includes('/')) return baseName(source);
  const match = source === undefined ? null : /^([^=]+)=(?:\d+:)?(.+?)(?:-[^-]*)?$/.exec(source);
  return match === null ? undefined : `${match[1]}_${match[2]}.orig.tar`;
}

const baseName = (url: string): string | undefined =>
  url
    .replace(/[?#].*$/, '')
    .split('/')
    .at(-1) || undefined;

/** Characters that store names cannot have become `-`. */
const storeName = (name: string): string => name.replace(/[^A-Za-z0-9+._?=-]/g, '-').replace(/^\.+/, '') || 'source';

function unknownOption(fn: string, set: Attrs, name: string): Fault {
  const hints = didYouMean(name, OPTIONS);
  const span = set.spanOf(name);
  return new Fault('E-DECL-001', `${fn} has no option '${name}'`, {
    labels: span === undefined ? [] : [{ ...span, text: '' }],
    hints: hints.length > 0 ? hints : [`its options are: ${OPTIONS.join(', ')}`],
  });
}

/** The place is the call: the evaluator adds it. */
const incomplete = (fn: string, missing: string, example: string): Fault =>
  new Fault('E-DECL-020', `${fn} needs ${missing}`, { hints: [`write it like: ${example}`] });
