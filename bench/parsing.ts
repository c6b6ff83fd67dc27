/**
 * `node bench/parsing.ts [MEGABYTES]`: would worker threads pay for parsing? A thread must give its tree back, so what counts is
 * the rate of parsing beside the rate of copying a tree between threads, and what a thread costs before it does anything.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { SourceFile } from '../base/index.ts';
import { parseExpr } from '../lang/index.ts';

const megabytes = Number(process.argv[2] ?? 8);
const ROUNDS = 5;

/** A source of about the size asked for, out of the inputs of bench/eval, each an item of a list. */
function bigSource(): string {
  const folder = join(import.meta.dirname, 'eval');
  const inputs = readdirSync(folder).filter((name) => name.endsWith('.nix'));
  const texts = inputs.map((name) => `(${readFileSync(join(folder, name), 'latin1')}\n)`);
  const once = texts.join('\n');
  return `[\n${once.repeat(Math.ceil((megabytes * 1e6) / once.length))}\n]`;
}

/** The least time in ms of several runs. */
function least(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

async function startWorker(file: string): Promise<number> {
  const start = performance.now();
  const worker = new Worker(file);
  await new Promise((resolve) => worker.once('message', resolve));
  const time = performance.now() - start;
  await worker.terminate();
  return time;
}

async function leastStart(text: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'igos-parsing-'));
  const file = join(folder, 'worker.ts');
  writeFileSync(file, text);
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await startWorker(file));
    return best;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const text = bigSource();
const parse = (): unknown => parseExpr(new SourceFile('<bench>', text));
const tree = parse();
const parsing = least(parse);
const cloning = least(() => structuredClone(tree));
const buffer = serialize(tree);
const reading = least(() => deserialize(buffer));
const ready = "import { parentPort } from 'node:worker_threads';\n";
const empty = await leastStart(`${ready}parentPort.postMessage(0);\n`);
const parser = await leastStart(
  `${ready}import ${JSON.stringify(join(import.meta.dirname, '../lang/index.ts'))};\nparentPort.postMessage(0);\n`,
);

const rate = (ms: number): string => `${(text.length / 1e3 / ms).toFixed(1)} MB/s`;
const rows: [string, string][] = [
  [`parse ${(text.length / 1e6).toFixed(1)} MB of source`, rate(parsing)],
  ['structuredClone of the tree', rate(cloning)],
  [`its second half: read the ${(buffer.length / text.length).toFixed(1)} bytes that a byte of source becomes`, rate(reading)],
  ['start an empty thread', `${empty.toFixed(0)} ms`],
  [
    'start a thread with the parser',
    `${parser.toFixed(0)} ms: as long as parsing ${((text.length / 1e3) * (parser / parsing)).toFixed(0)} kB`,
  ],
];
for (const [what, figure] of rows) console.log(`${what.padEnd(75)} ${figure}`);
