/** Many programs at work on one store at a time, each a real process, for as long as one likes. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTransport, push } from '../../../store/cache/index.ts';
import { openStore, type StorePath } from '../../../store/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { storeDir } from '../fixture.ts';
import { runIgos } from './program.ts';
import type { World } from './world.ts';

export interface StressTally {
  seconds: number;
  /** Of commands that ended, by worker. */
  readonly commands: Record<string, number>;
  nCollected: number;
  nPulled: number;
  nBuilt: number;
  /** The longest that a command took, by worker: nobody is to be starved. */
  readonly slowestMs: Record<string, number>;
}

/** What one worker runs next. */
type Worker = (round: number) => Promise<void>;

/** Names that all workers share, so that they meet. */
const KINDS = 6;

class Stress {
  readonly #world: World;
  readonly #elsewhere: string;
  readonly #closures: { url: string; top: StorePath; archive: string }[] = [];
  readonly tally: StressTally = { seconds: 0, commands: {}, nCollected: 0, nPulled: 0, nBuilt: 0, slowestMs: {} };

  constructor(world: World) {
    this.#world = world;
    this.#elsewhere = join(world.folder, 'elsewhere');
    mkdirSync(join(world.folder, 'links'));
    mkdirSync(join(world.folder, 'expressions'));
  }

  async prepare(): Promise<void> {
    using store = openStore({ home: this.#elsewhere, storeDir });
    for (let kind = 0; kind < KINDS; kind++) {
      const tree = store.addPath(`pulled-${kind}`, this.#world.tree(`pulled-${kind}`, 15));
      const [top] = store.addTexts([{ name: `top-${kind}`, text: tree, references: [tree] }]);
      const url = `file://${join(this.#world.folder, `cache-${kind}`)}`;
      await push(store, openTransport(url), [top!], [], { compression: 'zstd', keys: [] });
      const archive = join(this.#world.folder, `archive-${kind}`);
      await runHere('igos', ['store', 'export', '-r', '--output', archive, top!, '--home', this.#elsewhere]);
      this.#closures.push({ url, top: top!, archive });
      this.#world.tree(`added-${kind}`, 25);
      writeFileSync(join(this.#world.folder, `expressions/${kind}.nix`), expression(kind));
    }
  }

  readonly add: Worker = async () => {
    const kind = this.#kind();
    await this.#run('add', 'store', 'add', join(this.#world.folder, 'sources', `added-${kind}`));
    if (this.#world.random.below(4) === 0) await this.#run('add', 'store', 'import', this.#closures[kind]!.archive);
  };

  readonly pull: Worker = async () => {
    const { url, top } = this.#closures[this.#kind()]!;
    const said = await this.#run('pull', 'cache', 'pull', url, top);
    this.tally.nPulled += said.split('\n').length - 1;
  };

  readonly build = (who: string): Worker => {
    return async (round) => {
      const kind = this.#kind();
      const link = join(this.#world.folder, 'links', `${who}-${round % 4}`);
      rmSync(link, { force: true });
      await this.#run('build', 'realize', join(this.#world.folder, `expressions/${kind}.nix`), '-A', 'top', '--out-link', link);
      assert.match(readFileSync(link, 'latin1'), new RegExp(`^${kind} .*-low-${kind}\n$`));
      this.tally.nBuilt++;
    };
  };

  readonly collect: Worker = async (round) => {
    const said = await this.#run('collect', 'gc', ...(round % 2 === 0 ? [] : ['--no-keep-derivations']));
    this.tally.nCollected += said.split('\n').length - 1;
    if (round % 5 === 4) await this.#run('collect', 'store', 'optimise');
  };

  readonly verify: Worker = async (round) => {
    await this.#run('verify', 'store', 'verify', '--contents', ...(round % 6 === 5 ? ['--repair'] : []));
  };

  readonly #kind = (): number => this.#world.random.below(KINDS);

  async #run(who: string, ...words: string[]): Promise<string> {
    const { status, signal, stdout, stderr, elapsedMs } = await runIgos(this.#world.home, words);
    assert.equal(status, 0, `igos ${words.join(' ')}: ${signal ?? status}: ${stdout}${stderr}`);
    this.tally.commands[who] = (this.tally.commands[who] ?? 0) + 1;
    this.tally.slowestMs[who] = Math.max(this.tally.slowestMs[who] ?? 0, Math.round(elapsedMs));
    return stdout;
  }
}

/** Two derivations, of which one reads the other; `top` says which. */
function expression(kind: number): string {
  const derivation = (name: string, script: string, more: string): string =>
    `derivation { name = "${name}-${kind}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-ec" ''${script}'' ]; ${more} }`;
  const low = derivation('low', `echo ${kind} > $out`, '');
  const top = derivation('top', 'read line < $low; echo "$line $low" > $out', 'inherit low;');
  return `let low = ${low}; in { top = ${top}; }\n`;
}

/** @param builds  whether this machine can */
export async function endure(world: World, options: { seconds: number; builds: boolean }): Promise<StressTally> {
  const stress = new Stress(world);
  await stress.prepare();
  const workers = [stress.add, stress.add, stress.pull, stress.collect, stress.verify];
  if (options.builds) workers.push(stress.build('a'), stress.build('b'));
  const started = performance.now();
  const end = started + options.seconds * 1000;
  let isBroken = false;
  const live = async (worker: Worker): Promise<void> => {
    try {
      for (let round = 0; performance.now() < end && !isBroken; round++) await worker(round);
    } catch (error) {
      isBroken = true;
      throw error;
    }
  };
  const endings = await Promise.allSettled(workers.map(live));
  stress.tally.seconds = Math.round((performance.now() - started) / 1000);
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
  return stress.tally;
}
