/**
 * The lock file of a seed: which Debian packages it is made of, each by its hash, and which of them each needs. Written by
 * `igos seed lock`, read when a package with `style = debianSeed { … }` is derived. JSON, sorted, one package a line group, so that
 * a change of it can be read.
 */
import { compareBytes, Fault, isPlainPath } from '../../base/index.ts';
import type { DeclarationCode } from './codes.ts';

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** `amd64`, …, or `all`. */
  readonly architecture: string;
  /** Path of the .deb below the address of a mirror. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Names of others in the lock. */
  readonly needs: readonly string[];
}

/** Debian's name of an architecture → name → package. */
export type SeedLock = ReadonlyMap<string, ReadonlyMap<string, LockedPackage>>;

const FORMAT = 1;

/** Debian's name for a system in Nix's words. */
export const debianArchitecture = (system: string): string | undefined =>
  ({ 'x86_64-linux': 'amd64', 'aarch64-linux': 'arm64', 'i686-linux': 'i386', 'riscv64-linux': 'riscv64' })[system];

/** The text of a lock file. The same lock gives the same bytes. */
export function renderSeedLock(lock: SeedLock): string {
  const architectures = [...lock]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, packages]) => {
      const lines = [...packages.values()].sort((a, b) => compareBytes(a.name, b.name)).map(renderPackage);
      return `    ${JSON.stringify(name)}: {\n${lines.join(',\n')}\n    }`;
    });
  return `{\n  "format": ${FORMAT},\n  "architectures": {\n${architectures.join(',\n')}\n  }\n}\n`;
}

function renderPackage({ name, sizeBytes, needs, ...rest }: LockedPackage): string {
  const fields = [
    ...(['version', 'architecture', 'file'] as const).map((field) => `${JSON.stringify(field)}: ${JSON.stringify(rest[field])}`),
    `"size": ${sizeBytes}`,
    `"sha256": ${JSON.stringify(rest.sha256)}`,
    `"needs": [${[...needs]
      .sort(compareBytes)
      .map((each) => JSON.stringify(each))
      .join(', ')}]`,
  ];
  return `      ${JSON.stringify(name)}: {\n${fields.map((field) => `        ${field}`).join(',\n')}\n      }`;
}

/** @param path  for the message @throws Fault E-DECL-040 it is no lock file */
export function parseSeedLock(text: string, path: string): SeedLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badLock(path, 'it is no JSON');
  }
  if (!isSet(value) || !isSet(value['architectures'])) throw badLock(path, "it has no 'architectures'");
  if (value['format'] !== FORMAT) throw badLock(path, `its format is ${JSON.stringify(value['format'])}, known is ${FORMAT}`);
  const lock = new Map<string, Map<string, LockedPackage>>();
  for (const [architecture, packages] of Object.entries(value['architectures'])) {
    if (!isSet(packages)) throw badLock(path, `'${architecture}' is no set of packages`);
    const read = Object.entries(packages).map(([name, fields]): [string, LockedPackage] => [
      name,
      readPackage(name, fields, path),
    ]);
    lock.set(architecture, new Map(read));
  }
  return lock;
}

const NAME = /^[a-z0-9][a-z0-9+.-]+$/;

function readPackage(name: string, fields: unknown, path: string): LockedPackage {
  const wrong = (what: string): Fault => badLock(path, `${what} of '${name}' is not what it should be`);
  if (!isSet(fields)) throw badLock(path, `'${name}' is no set`);
  const text = (field: string, pattern: RegExp): string => {
    const value = fields[field];
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(`'${field}'`);
    return value;
  };
  if (!NAME.test(name)) throw wrong('the name');
  const file = text('file', /./);
  if (!isPlainPath(file)) throw wrong("'file'");
  const { size, needs } = fields;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size <= 0) throw wrong("'size'");
  if (!Array.isArray(needs) || !needs.every((each): each is string => typeof each === 'string' && NAME.test(each)))
    throw wrong("'needs'");
  return {
    name,
    version: text('version', /^[0-9A-Za-z][0-9A-Za-z.+~:-]*$/),
    architecture: text('architecture', /^[a-z0-9-]+$/),
    file,
    sizeBytes: size,
    sha256: text('sha256', /^[0-9a-f]{64}$/),
    needs,
  };
}

const isSet = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const badLock = (path: string, reason: string): Fault =>
  new Fault('E-DECL-040' satisfies DeclarationCode, `'${path}' is no lock file of a seed: ${reason}`, {
    hints: ['it is written by: igos seed lock TREE'],
  });
