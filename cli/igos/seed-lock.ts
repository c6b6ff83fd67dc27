/** `igos seed lock`: which Debian packages the seeds of a tree are made of, each by its hash. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { count, Fault, formatBytes, sys, writeFileAtomic } from '../../base/index.ts';
import { lockSeed, type Mirror, type SeedPackage } from '../../builder/index.ts';
import {
  type DeclaredSeed,
  debianArchitecture,
  type LockedPackage,
  parseSeedLock,
  renderSeedLock,
  type SeedLock,
} from '../../eval/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { whileOurs } from '../locked-folder.ts';
import { machineSystem, openSession } from '../session.ts';
import { splitOperand, Trees } from '../targets.ts';

/** What a run found of one lock file and architecture. */
interface Report {
  readonly path: string;
  readonly architecture: string;
  readonly packages: number;
  readonly sizeBytes: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export async function run(context: Context, args: Arguments): Promise<number> {
  using session = openSession(context, args, { isReadOnly: true });
  const trees = new Trees(session);
  const operands = args.operands.length > 0 ? args.operands : ['.'];
  const seeds = operands.flatMap((operand) => seedsOf(trees, operand));
  if (seeds.length === 0) throw noSeeds(operands);
  const architectures = args.has('architecture')
    ? args.all('architecture').map(([name]) => name!)
    : [debianArchitecture(args.value('system') ?? machineSystem()) ?? process.arch];
  const mirrors = args.all('mirror').map(([text]) => parseMirror(text!));
  const shown = (path: string): string => relative(context.workingDirectory, path);
  const reports: Report[] = [];
  const stale: string[] = [];
  for (const [path, sharing] of Map.groupBy(seeds, (seed) => seed.lock)) {
    const before = readText(path);
    const old: SeedLock = before === undefined ? new Map() : parseSeedLock(before, shown(path));
    const lock = new Map(old);
    for (const architecture of architectures) {
      const locked = old.get(architecture) ?? new Map<string, LockedPackage>();
      const { packages, warnings } = await stoppable((signal) =>
        lockSeed(
          session.store,
          { parts: sharing, locked: args.has('update') ? new Map() : locked },
          {
            architecture,
            mirrors,
            keyring: args.has('no-check-sigs') ? null : absolute(context, args.value('keyring')),
            signal,
          },
        ),
      );
      for (const warning of warnings) context.out.talk(`warning: ${warning}`);
      lock.set(architecture, new Map(packages.map((each) => [each.name, each])));
      reports.push(compare(shown(path), architecture, locked, packages));
    }
    const text = renderSeedLock(lock);
    if (text === before) continue;
    if (args.has('check')) stale.push(shown(path));
    else {
      await whileOurs(context, dirname(path), () => {
        const now = readText(path);
        // Somebody locked another architecture meanwhile.
        const others = now === undefined || now === before ? lock : parseSeedLock(now, shown(path));
        const own = architectures.map((architecture) => [architecture, lock.get(architecture)!] as const);
        writeFileAtomic(path, renderSeedLock(new Map([...others, ...own])));
      });
    }
  }
  if (context.isJson) context.out.json({ isCurrent: stale.length === 0, locks: reports });
  else for (const report of reports) tell(context, report);
  if (stale.length === 0) return 0;
  if (context.isJson) return 1;
  throw new Fault(
    'E-CLI-071',
    `${stale.map((path) => `'${path}'`).join(', ')} ${stale.length === 1 ? 'is' : 'are'} not current`,
    {
      hints: ['refresh: igos seed lock TREE', 'what is locked can still be built, as long as a mirror has it'],
    },
  );
}

const readText = (path: string): string | undefined =>
  existsSync(path) ? sys('read', path, () => readFileSync(path, 'utf8')) : undefined;

function seedsOf(trees: Trees, operand: string): DeclaredSeed[] {
  const { path, name } = splitOperand(operand);
  const seeds = trees.open(path).seeds();
  // Those that share the lock of the one named are needed to know what is in it.
  const locks = new Set(seeds.filter((seed) => name === undefined || seed.name === name).map((seed) => seed.lock));
  return seeds.filter((seed) => locks.has(seed.lock));
}

/** gpgv looks for relative names in a folder of its own. */
const absolute = (context: Context, path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(context.workingDirectory, path);

/** As a line of sources.list has it, without its `deb`: `URL SUITE COMPONENT…`. */
function parseMirror(text: string): Mirror {
  const [url, suite, ...components] = text.trim().split(/\s+/);
  const isPlain = (word: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._/+~-]*$/.test(word) && !word.split('/').includes('..');
  if (url === undefined || !/^(?:https?|file):\/\//.test(url) || suite === undefined || ![suite, ...components].every(isPlain))
    throw new UsageError(`--mirror takes an address, a suite and components, not '${text}'`, [
      'like --mirror "https://deb.debian.org/debian bookworm main"',
    ]);
  return { url, suite, components: components.length > 0 ? components : ['main'] };
}

function compare(
  path: string,
  architecture: string,
  old: ReadonlyMap<string, LockedPackage>,
  now: readonly SeedPackage[],
): Report {
  const names = new Set(now.map(({ name }) => name));
  return {
    path,
    architecture,
    packages: now.length,
    sizeBytes: now.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    added: now.filter(({ name }) => !old.has(name)).map(({ name, version }) => `${name} ${version}`),
    removed: [...old.values()].filter(({ name }) => !names.has(name)).map(({ name, version }) => `${name} ${version}`),
    changed: now.flatMap(({ name, version, sha256 }) => {
      const before = old.get(name);
      return before === undefined || before.sha256 === sha256 ? [] : [`${name} ${before.version} → ${version}`];
    }),
  };
}

function tell(context: Context, { path, architecture, packages, sizeBytes, added, removed, changed }: Report): void {
  for (const text of added) context.out.line(`+ ${text}`);
  for (const text of changed) context.out.line(`~ ${text}`);
  for (const text of removed) context.out.line(`- ${text}`);
  context.out.line(`${path}: ${count(packages, 'package')} for ${architecture}, ${formatBytes(sizeBytes)}`);
}

const noSeeds = (operands: readonly string[]): Fault =>
  new Fault('E-CLI-070', `no package of ${operands.map((each) => `'${each}'`).join(', ')} is a seed`, {
    hints: ['declare one: style = debianSeed { lock = ./seed.lock; packages = [ "gcc" "make" ]; };'],
  });
