/** Typical runs of the bundles, which leave their compiled functions beside them. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageEntry, makeImage, writeArchive } from '../pkm/index.ts';
import { type Bundle, home } from './bundle-scripts.ts';
import { packagesAsOneText, packagesInFiles } from './warm-up.ts';

const LARGE_BYTES: number = 1 << 23;

/** The same for what seldom runs. */
const TREE = `tier base { summary = "b"; }
package text "1" { tier = base; summary = "t"; license = "MIT"; phases.install = ''mkdir -p "$out" && echo 1 >"$out/a"''; }
package user "2" { tier = base; summary = "u"; license = "MIT"; build = [ text ]; runtime = [ text ]; phases.install = "touch $out/b"; }
`;

/** What `igos realize` builds to that end: each reads the one before, and `salt` changes the first only. */
const CHAIN = `{ salt }:
let
  step = i: derivation ({
    name = "step-\${toString i}";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" (if i == 0 then "# \${salt}\necho constant > $out" else "read before < $input; echo $before \${toString i} > $out") ];
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  } // (if i == 0 then { } else { input = step (i - 1); }));
in
step 30
`;

/**
 * Typical runs of each bundle leave their compiled functions in the cache, each beside those of the runs before it. The flags of V8 are
 * part of the key, so bin/igos runs it. @returns what was printed
 */
function warm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): string {
  const { status, stdout, stderr, error } = runToWarm(name, program, words, scratch);
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT')
    throw new Error(`the new bundle '${name}' does not come to an end with: ${program} ${words.join(' ')}\n${stderr}`);
  if (status !== 0) throw new Error(`the new bundle does not run:\n${stderr}`);
  return stdout.trim();
}

/** Trial runs take a second at most; on the busiest of machines not a hundred times that. */
const TRIAL_MS = 300_000;

function runToWarm(name: string, program: 'igos' | 'pkm', words: readonly string[], scratch: string): SpawnSyncReturns<string> {
  return spawnSync(join(home, 'bin', program), words, {
    encoding: 'utf8',
    timeout: TRIAL_MS,
    env: { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'igos'), IGOS_WRITE_CODE_CACHE: name },
  });
}

/** An archive of so many files that other threads help to verify and to remove them. */
async function manyFiles(scratch: string): Promise<string> {
  const content = join(scratch, 'empty');
  writeFileSync(content, '');
  const sha256 = createHash('sha256').digest('hex');
  const entries = Array.from({ length: MANY_FILES }, (_, n): ImageEntry => {
    const path = n < 2 ? `etc/${n}` : `usr/${n % 10}/${n}`;
    return { path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, sha256, target: '' };
  });
  const origin = { kind: 'store', storePath: '' } as const;
  const image = makeImage({ description: { name: 'many', version: '1' }, origin, entries, contentPath: () => content });
  const file = join(scratch, 'many-1.igos.tar.gz');
  await writeArchive(image, file);
  return file;
}

const MANY_FILES = 4100;

/** Those that typical runs load, by their names. */
export type TriedBundles = Readonly<
  Record<
    | 'evaluating'
    | 'ordinary'
    | 'seldom'
    | 'whole'
    | 'repeated'
    | 'storing'
    | 'realizing'
    | 'reckoning'
    | 'rare'
    | 'managing'
    | 'placing',
    Bundle
  >
>;

export async function runTrials(made: TriedBundles): Promise<void> {
  const { evaluating, ordinary, seldom, whole, repeated, storing, realizing, reckoning, rare, managing, placing } = made;
  const scratch = mkdtempSync(join(tmpdir(), 'igos-bundle-'));
  try {
    const tree = join(scratch, 'tree.igos');
    writeFileSync(tree, TREE);
    warm(evaluating.file, 'igos', ['eval', '--no-eval-cache', '--expr', '1 + 1'], scratch);
    const chain = join(scratch, 'chain.nix');
    writeFileSync(chain, CHAIN);
    const expression = packagesAsOneText(scratch);
    // What the first part does for packages is in its cache too: 0.5 MiB for all, and 8 ms less for those who make some.
    for (const part of [evaluating, ordinary])
      warm(part.file, 'igos', ['eval', '--no-eval-cache', '--strict', expression], scratch);
    const files = packagesInFiles(scratch);
    for (const _ of ['noted', 'known']) warm(ordinary.file, 'igos', ['eval', '--no-eval-cache', '--strict', files], scratch);
    warm(seldom.file, 'igos', ['instantiate', tree], scratch);
    warm(repeated.file, 'igos', ['eval', '--expr', '1 + 1'], scratch);
    const path = warm(storing.file, 'igos', ['store', 'add', join(home, 'package.json')], scratch);
    // So much that verifying takes the way that it takes with large stores.
    const large = join(scratch, 'large');
    writeFileSync(large, '');
    truncateSync(large, LARGE_BYTES);
    warm(storing.file, 'igos', ['store', 'add', large], scratch);
    for (const words of [
      ['store', 'info', '-rsS', path],
      ['store', 'references', '-r', path],
      ['store', 'verify', '--contents'],
      ['gc'],
    ])
      warm(storing.file, 'igos', words, scratch);
    const derivation = 'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; }';
    for (const part of [reckoning, realizing]) {
      warm(part.file, 'igos', ['realize', '--dry-run', '--no-eval-cache', '--expr', derivation], scratch);
      // Builds, and changes that do not reach the first output. Where there is no sandbox they end early, which is no reason to stop.
      for (const salt of ['a', 'b'])
        runToWarm(
          part.file,
          'igos',
          ['realize', '--impure', '--quiet', '--argstr', 'salt', `${part.file} ${salt}`, chain],
          scratch,
        );
    }
    const fetched = `import <nix/fetchurl.nix> { url = "file://${large}"; sha256 = "${createHash('sha256').update(readFileSync(large)).digest('hex')}"; }`;
    warm(rare.file, 'igos', ['realize', '--expr', fetched], scratch);
    const root = join(scratch, 'root');
    const archive = await manyFiles(scratch);
    for (const part of [placing, managing]) {
      rmSync(root, { recursive: true, force: true });
      warm(part.file, 'pkm', ['install', '--root', root, '--archive-trust', 'loose', '--archive', archive], scratch);
    }
    for (const words of [['list'], ['info', 'many'], ['files', 'many'], ['owns', 'etc/0'], ['verify'], ['remove', 'many']])
      warm(managing.file, 'pkm', [...words, '--root', root], scratch);
    warm(placing.file, 'pkm', ['rollback', '--root', root], scratch);
    // Fails where there is no sandbox, after it has evaluated.
    runToWarm(whole.file, 'pkm', ['install', '--root', root, `${tree}#user`], scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
