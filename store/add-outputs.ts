/**
 * What a build made becomes store objects. Floating outputs get their name here: their bytes are hashed with their own (provisional)
 * name taken as zeros, then the real name is written into them. Outputs that refer to each other are named in dependency order.
 *
 * @source docs/store.md §5
 */
import { Bug, compareBytes, dependencyOrder, Fault, never, textToBytes } from '../base/index.ts';
import { canonicalise } from './canonical.ts';
import type { StoreCode } from './codes.ts';
import { formatHash } from './hash.ts';
import { type Ingested, ingestTree } from './ingest.ts';
import { type Places, registerObjects } from './register.ts';
import { replaceObjects } from './repair.ts';
import { rewriteTree } from './rewrite-tree.ts';
import { type ContentAddress, contentAddressedPath, formatContentAddress, storePathHash } from './store-path.ts';
import { listTree } from './tree.ts';
import type { Digest, FinishedObject, OutputToAdd, PreparedOutputs, StorePath } from './types.ts';

/** @see ObjectStore.addOutputs */
export function addOutputs(places: Places, storeDir: string, outputs: ReadonlyMap<string, OutputToAdd>): Map<string, StorePath> {
  const { paths, objects } = prepareOutputs(storeDir, outputs);
  registerObjects(places, objects);
  return paths;
}

/** @see ObjectStore.prepareOutputs */
export function prepareOutputs(storeDir: string, outputs: ReadonlyMap<string, OutputToAdd>): PreparedOutputs {
  const batch = new Batch(storeDir, outputs);
  for (const name of batch.order()) batch.finish(name);
  return { paths: batch.paths, objects: batch.finished };
}

/** @see ObjectStore.repairOutputs */
export function repairOutputs(places: Places, storeDir: string, outputs: ReadonlyMap<string, OutputToAdd>): StorePath[] {
  const batch = new Batch(storeDir, outputs);
  for (const name of batch.order()) batch.finish(name);
  return replaceObjects(places, batch.finished);
}

class Batch {
  readonly #storeDir: string;
  readonly #outputs: ReadonlyMap<string, OutputToAdd>;
  readonly #scans = new Map<string, Ingested>();
  /** Hash part of an output's provisional path → the output. */
  readonly #byPart = new Map<string, string>();
  readonly paths = new Map<string, StorePath>();
  readonly finished: FinishedObject[] = [];

  constructor(storeDir: string, outputs: ReadonlyMap<string, OutputToAdd>) {
    this.#storeDir = storeDir;
    this.#outputs = outputs;
    for (const [name, { scratchPath }] of outputs) this.#byPart.set(storePathHash(scratchPath), name);
    for (const [name, output] of outputs) {
      canonicalise(textToBytes(output.realPath), output.name);
      this.#scans.set(name, this.#scan(output, storePathHash(output.scratchPath)));
    }
    // A path that is known before the build does not wait for the others.
    for (const [name, { output }] of outputs) {
      if (output.kind === 'input-addressed' || output.kind === 'fixed') this.paths.set(name, output.path);
    }
  }

  /**
   * The outputs, each after those that it refers to. A cycle is refused where all paths are known before, too: nothing that handles
   * paths after what they refer to (caches, exports, an older Nix) could take them.
   *
   * @throws Fault E-STORE-017 a cycle
   */
  order(): string[] {
    return dependencyOrder(
      this.#outputs.keys(),
      (name) => this.#siblings(name),
      (circle) => {
        throw outputCycle([...circle, circle[0]!]);
      },
    );
  }

  finish(name: string): void {
    const output = this.#outputs.get(name)!;
    const own = storePathHash(output.scratchPath);
    const rewrites = new Map<string, string>();
    for (const other of this.#siblings(name)) {
      const final = storePathHash(this.paths.get(other)!);
      const scratch = storePathHash(this.#outputs.get(other)!.scratchPath);
      if (final !== scratch) rewrites.set(scratch, final);
    }
    let scan = this.#scans.get(name)!;
    const others = this.#otherReferences(name, scan);
    if (rewrites.size > 0) scan = this.#rewrite(output, rewrites, own);
    const isSelfReferent = scan.modulo !== undefined;
    const isSaid = isSelfReferent && output.hasNoReferences !== true;
    const { path, ca } = this.#name(name, output, scan, others, isSaid);
    this.paths.set(name, path);
    const final = storePathHash(path);
    if (isSelfReferent && final !== own) {
      const digest = scan.modulo!.hex;
      scan = this.#rewrite(output, new Map([[own, final]]), final);
      if (scan.modulo?.hex !== digest) throw new Bug(`'${path}' hashes differently under its own name`);
    }
    this.finished.push({
      realPath: output.realPath,
      manifest: scan.manifest,
      info: {
        path,
        narHash: scan.narHash,
        narSizeBytes: scan.narSizeBytes,
        references: [...others, ...(isSaid ? [path] : [])].sort(compareBytes),
        deriver: output.deriver,
        ...(ca === undefined ? {} : { ca: formatContentAddress(ca) }),
      },
    });
  }

  #name(
    name: string,
    output: OutputToAdd,
    scan: Ingested,
    others: readonly StorePath[],
    self: boolean,
  ): { path: StorePath; ca?: ContentAddress } {
    const how = output.output;
    switch (how.kind) {
      case 'input-addressed':
        return { path: how.path };
      case 'fixed': {
        const digest = contentDigest(output, scan, how.method, how.digest.algorithm);
        if (digest.hex !== how.digest.hex) throw hashMismatch(output.name, how.digest, digest);
        // Equal bytes need equal references; a fixed output has no place to say any.
        const referred = self ? how.path : others[0];
        if (referred !== undefined) throw fixedRefers(output.name, referred);
        return { path: how.path, ca: { kind: 'fixed', method: how.method, digest } };
      }
      case 'floating': {
        const isModulo = how.method === 'nar' && how.algorithm === 'sha256';
        const digest: Digest = isModulo
          ? { algorithm: 'sha256', hex: scan.modulo?.hex ?? scan.narHash }
          : contentDigest(output, scan, how.method, how.algorithm);
        const ca: ContentAddress = { kind: 'fixed', method: how.method, digest };
        return { path: contentAddressedPath(ca, output.name, { others, self }, this.#storeDir), ca };
      }
      case 'deferred':
        throw new Bug(`output '${name}' of '${output.deriver}' was built before its derivation was resolved`);
      default:
        return never(how);
    }
  }

  /** The other outputs of this build that one refers to. */
  #siblings(name: string): string[] {
    const found: string[] = [];
    for (const part of this.#scans.get(name)!.found) {
      const other = this.#byPart.get(part);
      if (other !== undefined && other !== name) found.push(other);
    }
    return found;
  }

  /** Final paths of all that an output refers to, but itself. Sorted. */
  #otherReferences(name: string, scan: Ingested): StorePath[] {
    const output = this.#outputs.get(name)!;
    if (output.hasNoReferences === true) return [];
    const inputs = new Map(output.candidates.map((path) => [storePathHash(path), path]));
    const found: StorePath[] = [];
    for (const part of scan.found) {
      const sibling = this.#byPart.get(part);
      if (sibling === undefined) found.push(inputs.get(part)!);
      else if (sibling !== name) found.push(this.paths.get(sibling)!);
    }
    return [...new Set(found)].sort(compareBytes);
  }

  #rewrite(output: OutputToAdd, parts: ReadonlyMap<string, string>, own: string): Ingested {
    const root = textToBytes(output.realPath);
    rewriteTree(root, listTree(root), parts);
    return this.#scan(output, own);
  }

  #scan(output: OutputToAdd, own: string): Ingested {
    const how = output.output;
    const algorithm = how.kind === 'fixed' ? how.digest.algorithm : how.kind === 'floating' ? how.algorithm : 'sha256';
    const entries = listTree(textToBytes(output.realPath));
    const scanFor = [...output.candidates.map(storePathHash), ...this.#byPart.keys(), own];
    const scan = ingestTree(entries, { scanFor, algorithm });
    // Most outputs do not name themselves: hashing all of them modulo their name as well would cost more than a second pass for few.
    return scan.found.has(own) ? ingestTree(entries, { scanFor, algorithm, modulo: own }) : scan;
  }
}

function contentDigest(output: OutputToAdd, scan: Ingested, method: 'flat' | 'nar', algorithm: Digest['algorithm']): Digest {
  if (method === 'nar') return { algorithm, hex: scan.narDigest };
  const root = scan.manifest[0]!;
  if (scan.flatDigest === undefined || (root.kind === 'file' && root.isExecutable)) {
    const what = root.kind === 'file' ? 'an executable file' : root.kind === 'directory' ? 'a folder' : 'a symlink';
    throw new Fault(
      'E-STORE-019' satisfies StoreCode,
      `the output '${output.name}' is ${what}, but its hash is that of a plain file`,
      {
        hints: ["declare outputHashMode = 'recursive', or let the build make one file without execute permission"],
      },
    );
  }
  return { algorithm, hex: scan.flatDigest };
}

const hashMismatch = (name: string, expected: Digest, got: Digest): Fault =>
  new Fault('E-STORE-016' satisfies StoreCode, `hash mismatch in '${name}'`, {
    notes: [`expected ${formatHash(expected, 'sri')}\ngot      ${formatHash(got, 'sri')}`],
    hints: [
      'if the new content is right, declare the hash that was got',
      'if not, the source changed or was tampered with: look before you trust it',
    ],
  });

const fixedRefers = (name: string, path: StorePath): Fault =>
  new Fault('E-STORE-005' satisfies StoreCode, `the fixed output '${name}' refers to '${path}'`, {
    hints: ['a fixed output must not hold store paths: it is the same wherever it was fetched'],
  });

const outputCycle = (names: readonly string[]): Fault =>
  new Fault('E-STORE-017' satisfies StoreCode, `outputs refer to each other in a circle: ${names.join(' → ')}`, {
    hints: ['move the files that refer back into one output'],
  });
