/** The disk and a store that computes real paths and keeps what evaluation adds. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textToBytes } from '../../../base/index.ts';
import type { EvalIO, EvalStore, StoreText } from '../../../eval/io.ts';
import { NodeEvalIO } from '../../../eval/node-io.ts';
import { decodeDerivation, derivationName, openStore, type StorePath, splitStorePath } from '../../../store/index.ts';

export interface RealDisk extends Disposable {
  /** A copy of test/vectors/nix/expr, with what git does not keep. */
  readonly folder: string;
  readonly io: EvalIO;
  readonly texts: ReadonlyMap<StorePath, StoreText>;
  readonly traces: readonly string[];
}

/** @param options `isWriting`: what is added is in the store afterwards, so that paths below it can be read */
export function realDisk(options: { readonly isWriting?: boolean; readonly realise?: EvalIO['realise'] } = {}): RealDisk {
  const scratch = mkdtempSync(join(tmpdir(), 'igos-builtins-'));
  const folder = join(scratch, 'expr');
  cpSync(join(import.meta.dirname, '../../vectors/nix/expr'), folder, { recursive: true });
  mkdirSync(join(folder, 'tree/sub/empty'));
  symlinkSync('../a', join(folder, 'tree/sub/link'));
  const objects = openStore({ home: join(scratch, 'home'), storeDir: '/nix/store' });
  const texts = new Map<StorePath, StoreText>();
  const traces: string[] = [];
  const store: EvalStore = {
    storeDir: '/nix/store',
    isReadOnly: true,
    addPath: (name, source, how) => {
      const computed = objects.computePath(name, source, how);
      if (options.isWriting === true) objects.addPath(name, source, how);
      return computed;
    },
    addTree: (name, entries) => objects.computeTree(name, entries),
    addHostTree: () => {
      throw new Error('no host tools here');
    },
    addText: (text) => void texts.set(text.path, text),
    readDerivation: (path) => {
      const found = texts.get(path);
      return found && decodeDerivation(derivationName(path), found.text, '/nix/store');
    },
    isValid: (path) => texts.has(path),
    references: (path) => texts.get(path)?.references ?? [],
  };
  const io = new NodeEvalIO({
    store,
    env: options.isWriting === true ? { PATH: process.env['PATH'] } : {},
    toReal: (path) => {
      const split = splitStorePath(path, '/nix/store');
      return split === undefined || options.isWriting !== true ? path : textToBytes(objects.toReal(split.path)) + split.rest;
    },
    trace: (kind, text) => void traces.push(`${kind}: ${text}`),
    realise:
      options.realise ??
      ((path) => {
        throw new Error(`unexpected build of ${path}`);
      }),
  });
  return {
    folder,
    io,
    texts,
    traces,
    [Symbol.dispose]: () => {
      objects.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
