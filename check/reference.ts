/** The reference: which checks the configure steps of a build that was good had met, package by package. One file, written at once. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, Fault, makeDirectory, sys, writeFileAtomic } from '../base/index.ts';
import { isObject, isTexts } from './audit/record.ts';
import { tryParse } from './audit/store.ts';
import type { LoggedFeatures } from './silent-loss.ts';

/** Package → version and the checks that were met, sorted. */
export type Reference = ReadonlyMap<string, { readonly version: string; readonly met: readonly string[] }>;

export const referencePath = (audits: string): string => join(audits, 'reference.json');

/** @throws Fault E-CHECK-004 · SystemFault */
export function readReference(audits: string): Reference | undefined {
  const path = referencePath(audits);
  if (!existsSync(path)) return undefined;
  const value = tryParse(sys('read', path, () => readFileSync(path, 'utf8')));
  const packages =
    isObject(value) && value['format'] === 1 && isObject(value['packages']) ? Object.entries(value['packages']) : [];
  const isWhole = packages.every(([, each]) => isObject(each) && typeof each['version'] === 'string' && isTexts(each['met']));
  if (packages.length === 0 || !isWhole)
    throw new Fault('E-CHECK-004', `'${path}' is not a reference`, { hints: ['make it again: igos audit reference TREE'] });
  return new Map(packages as [string, { version: string; met: string[] }][]);
}

/** Makes the newest logs the reference. Packages without a log keep what the reference had of them. @throws Fault E-CHECK-005 · SystemFault */
export function writeReference(audits: string, logs: ReadonlyMap<string, LoggedFeatures>): Reference {
  if (logs.size === 0) {
    throw new Fault('E-CHECK-005', 'the store has no build log of these packages', {
      hints: ['build them first: igos realize TREE'],
    });
  }
  const reference = new Map(readReference(audits));
  for (const [name, { version, features }] of logs) {
    const met = [...features].flatMap(([feature, answer]) => (answer ? [feature] : [])).sort(compareBytes);
    reference.set(name, { version, met });
  }
  const packages = Object.fromEntries([...reference].sort(([a], [b]) => compareBytes(a, b)));
  makeDirectory(audits);
  writeFileAtomic(referencePath(audits), `${JSON.stringify({ format: 1, packages }, null, 1)}\n`);
  return reference;
}
