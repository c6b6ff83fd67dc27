/** Wild programs through parser, evaluator, printer and JSON. */
import { Worker } from 'node:worker_threads';
import { Bug, Fault, Faults, renderFault, textToBytes } from '../../../base/index.ts';
import { builtinTable } from '../../../eval/builtins/table.ts';
import { createInterpreter } from '../../../eval/interpreter.ts';
import { random } from '../../lang/mutations.ts';
import { MemoryIO } from '../memory-io.ts';
import { Maker } from './maker.ts';

export interface Tally {
  values: number;
  /** Code → how many. */
  readonly faults: Map<string, number>;
  /** Milliseconds of processor time: what a busy machine makes it wait for is not the program's. Who hangs is found by the clock. */
  slowest: number;
}

const HANG_SECONDS = 30;
const WORKERS = 2;

/** Shares the programs among threads, and watches that each goes on. @throws Error one did not, or a program broke the rules */
export async function fuzzWorkers(count: number, seed: number): Promise<Tally> {
  const tallies = await Promise.all(
    Array.from({ length: WORKERS }, (_, at) => {
      const [from, to] = [at, at + 1].map((each) => Math.floor((count * each) / WORKERS));
      return runWorker({ from: from!, to: to!, seed, current: new Int32Array(new SharedArrayBuffer(4)) });
    }),
  );
  const faults = new Map<string, number>();
  for (const tally of tallies) for (const [code, times] of tally.faults) faults.set(code, (faults.get(code) ?? 0) + times);
  const values = tallies.reduce((sum, tally) => sum + tally.values, 0);
  return { values, faults, slowest: Math.max(...tallies.map((tally) => tally.slowest)) };
}

export interface Share {
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  /** The number of the program that runs. */
  readonly current: Int32Array;
}

function runWorker(share: Share): Promise<Tally> {
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: share,
    resourceLimits: { stackSizeMb: 64 },
  });
  return new Promise((resolve, reject) => {
    let last = -1;
    const watch = setInterval(() => {
      const now = share.current[0]!;
      if (now === last) reject(new Error(`hangs for ${HANG_SECONDS} s: ${wildProgram(share.seed, now)}`));
      last = now;
    }, HANG_SECONDS * 1000);
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (status) => {
      clearInterval(watch);
      if (status !== 0) reject(new Error(`ends with ${status}: ${wildProgram(share.seed, share.current[0]!)}`));
    });
  }).finally(() => worker.terminate()) as Promise<Tally>;
}

/** Nothing to fetch from and nobody who builds. */
class ClosedIO extends MemoryIO {
  constructor() {
    super({
      files: {
        '/disk/one.txt': 'one\n',
        '/disk/folder/two.txt': '${two}\n',
        '/disk/default.nix': '{ a = 1; b = ./one.txt; }',
        '/disk/folder/default.nix': 'x: y: [ x y',
      },
      links: { '/disk/link': '/disk/one.txt' },
      env: { HOME: '/disk' },
      realise: (path) => {
        throw new Fault('E-EVAL-050', `nobody builds ${path}`);
      },
    });
    this.store.addTree = () => {
      throw new Fault('E-EVAL-050', 'no trees here');
    };
  }

  override fetchGit(): never {
    throw new Fault('E-EVAL-141', 'no repositories here');
  }

  override fetchUrl(): never {
    throw new Fault('E-EVAL-141', 'no network here');
  }
}

/** The program of a number: the same on every run. */
export function wildProgram(seed: number, number: number): string {
  const pick = random(seed ^ Math.imul(number, 0x9e3779b1));
  return new Maker(pick, { size: 5 + pick(40), strays: 8 + pick(30), isWild: true }).program();
}

/** @throws Error what is neither a value nor a fault with a code, with the program it came from */
export function fuzz({ from, to, seed, current }: Share): Tally {
  const tally: Tally = { values: 0, faults: new Map(), slowest: 0 };
  for (let number = from; number < to; number++) {
    current[0] = number;
    const text = wildProgram(seed, number);
    const start = cpuMs();
    const outcome = check(text);
    tally.slowest = Math.max(tally.slowest, cpuMs() - start);
    if (outcome === undefined) tally.values++;
    else tally.faults.set(outcome, (tally.faults.get(outcome) ?? 0) + 1);
  }
  return tally;
}

/** Of this thread alone. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** @returns the code of the fault; `undefined`: a value */
function check(text: string): string | undefined {
  const io = new ClosedIO();
  const settings = { maxCallDepth: 300, system: 'x86_64-linux' };
  const interpreter = createInterpreter({ io, builtins: builtinTable, settings });
  let code: string | undefined;
  const attempt = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      code = codeOf(error, text);
    }
  };
  attempt(() => {
    const value = interpreter.evalExpr(textToBytes(text), { basePath: '/disk' });
    attempt(() => interpreter.print(value, { isStrict: false }));
    attempt(() => interpreter.print(value, { isStrict: true }));
    const printFault = code;
    attempt(() => interpreter.toJson(value));
    code = printFault;
  });
  return code;
}

/** A fault as a user sees it: with a code of the table, and showable. */
function codeOf(error: unknown, text: string): string {
  const faults = error instanceof Faults ? error.faults : [error];
  for (const fault of faults) {
    const isMeant = fault instanceof Fault && !(fault instanceof Bug) && /^E-[A-Z]+-\d{3}$/.test(fault.code);
    if (!isMeant) throw new Error(`${describe(fault)}\nof the program ${text}`, { cause: error });
    renderFault(fault);
    if (/\bundefined\b(?! variable)|\[object |NaN/.test(fault.message) && !/NaN|undefined|object/.test(text))
      throw new Error(`the message says '${fault.message}'\nof the program ${text}`);
  }
  return (faults[0] as Fault).code;
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? String(error)) : String(error));

/** Each program again in a function that is called until it is hot. */
export function fuzzTiers(count: number, seed: number): void {
  for (let number = 0; number < count; number++) {
    const pick = random(seed ^ Math.imul(number, 0x9e3779b1));
    const program = new Maker(pick, { size: 4 + pick(16), strays: 60 }).program();
    const main = `let main = at: { a = (${program}); b = at; }; in`;
    const cold = outcome(`${main} (main 0).a`);
    const hot = outcome(`${main} builtins.seq (builtins.foldl' (_: main) null (builtins.genList (n: n) 400)).b (main 1).a`);
    if (hot !== cold) throw new Error(`cold: ${cold}\nhot:  ${hot}\nof the program ${program}`);
    // What is evaluated must be hot too, not only what makes it.
    const eager = `${main} builtins.seq (builtins.foldl' (_: n: builtins.seq (builtins.tryEval (builtins.deepSeq (main n).a 1)) n) 0 (builtins.genList (n: n) 400)) (main 1).a`;
    const hotter = outcome(eager);
    if (hotter !== cold) throw new Error(`cold: ${cold}\nhot all over: ${hotter}\nof the program ${program}`);
  }
}

function outcome(text: string): string {
  const interpreter = createInterpreter({ io: new ClosedIO(), builtins: builtinTable });
  try {
    return interpreter.print(interpreter.evalExpr(textToBytes(text), { basePath: '/disk' }), { isStrict: true });
  } catch (error) {
    // Not its message: values in it are shown as far as they are evaluated, and hot code does more at once.
    return `fails: ${codeOf(error, text)}`;
  }
}
