/** The published vectors: files that Nix 2.8 wrote, under test/vectors/nix. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Derivation, decodeDerivation, parseStorePath, type StorePath } from '../../store/index.ts';

export const storeDir = '/nix/store';
const root = join(import.meta.dirname, '../vectors/nix');

export const vectorFile = (path: string): Buffer => readFileSync(join(root, path));
export const vectorJson = <T>(path: string): T => JSON.parse(vectorFile(path).toString('utf8')) as T;

/** Path → text of every .drv. */
export const drvTexts: ReadonlyMap<StorePath, string> = new Map(
  readdirSync(join(root, 'drv'))
    .filter((file) => file.endsWith('.drv'))
    .map((file) => [parseStorePath(`${storeDir}/${file}`, storeDir), vectorFile(`drv/${file}`).toString('latin1')]),
);

const decoded = new Map<StorePath, Derivation>();

export function vectorDerivation(path: StorePath): Derivation {
  const known = decoded.get(path);
  if (known) return known;
  const drv = decodeDerivation(path.slice(storeDir.length + 34, -4), drvTexts.get(path)!, storeDir);
  decoded.set(path, drv);
  return drv;
}
