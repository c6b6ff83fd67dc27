/**
 * Makes `dist/`: igos in few files, with V8's compiled code beside them (`npm run build`; `npm ci` runs it).
 *
 * Loading 300 modules costs more than evaluating most things does. `evaluating` has what `igos eval`, `instantiate` and `parse`
 * need, `realizing` what `igos realize` does, `storing` what works on the store alone, `managing` what pkm does without evaluating,
 * `whole` everything, and `repeated` only what tells an evaluation that was done before from a new one, for which it hands over to
 * `evaluating`. Some are in parts (bundle-parts.ts). They share nothing at run time, so no class exists twice where it matters.
 * `stamp.json` names the files, and the one that has size and time of every source that went in: `cli/start.cjs` of a checkout runs the
 * sources instead where one differs. File names carry the hash of what is in them, so that a program which starts meanwhile never meets half of two builds.
 */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  commandFiles,
  EVALUATING,
  fewCommands,
  handingOver,
  importsAtOnce,
  loaders,
  MANAGING,
  QUICK,
  REALIZING,
  REMEMBERED,
  STORING,
  WITHOUT_COMMANDS,
  withCommands,
  withCommandsInside,
  withoutCaches,
} from './bundle-commands.ts';
import { EVALUATION, MANAGEMENT, REALIZATION } from './bundle-parts.ts';
import {
  type Bundle,
  bundle,
  dist,
  home,
  LIVE,
  live,
  ownSources,
  partedBundle,
  READ_LATER,
  threads,
  writeAtomic,
} from './bundle-scripts.ts';
import { runTrials } from './bundle-trials.ts';
import { WARM_UP_TEXTS } from './warm-up.ts';

function scriptsBefore(): string[] {
  try {
    return JSON.parse(readFileSync(join(dist, 'stamp.json'), 'utf8')).files ?? [];
  } catch {
    return [];
  }
}

async function main(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const before = scriptsBefore();
  const all = [loaders('igos', commandFiles('igos')), loaders('pkm', commandFiles('pkm'))].join('\n');
  const [evaluating, ordinary, seldom] = (await partedBundle(EVALUATION, withCommandsInside('igos', EVALUATING), [
    fewCommands(EVALUATING),
  ])) as [Bundle, Bundle, Bundle];
  const whole = await bundle('whole', withCommands(all));
  // A record is one of the evaluator that made it.
  const asking = handingOver(/evaluation-cache\/store-agrees\.ts$/, 'storeAgrees');
  const repeated = await bundle('repeated', WITHOUT_COMMANDS, [asking, fewCommands(REMEMBERED)], evaluating.identity);
  const evaluatesNothing = [
    fewCommands(STORING),
    withoutCaches,
    handingOver(/cli\/package-places\.ts$/, 'packagePlaces'),
    handingOver(/evaluation-cache\/remembered\.ts$/, 'remembered'),
    handingOver(/cli\/repair-store\.ts$/, 'prepareRepair'),
  ];
  const storing = await bundle(
    'storing',
    withCommands(
      loaders(
        'igos',
        STORING.map((name) => name.replace(' ', '-')),
      ),
    ),
    evaluatesNothing,
  );
  const [realizing, reckoning, rare] = (await partedBundle(REALIZATION, withCommandsInside('igos', REALIZING), [
    fewCommands(REALIZING),
    importsAtOnce,
  ])) as [Bundle, Bundle, Bundle];
  const fileOf = (name: string): string => name.replace(' ', '-');
  const [managing, placing] = (await partedBundle(
    MANAGEMENT,
    withCommandsInside('pkm', QUICK, MANAGING.filter((name) => !QUICK.includes(name)).map(fileOf)),
    [
      fewCommands(MANAGING, 'pkm'),
      handingOver(/evaluation-cache\/remembered\.ts$/, 'remembered'),
      handingOver(/cli\/tree-images\.ts$/, 'imagesOfTrees'),
      handingOver(/cli\/depot-images\.ts$/, 'downloadFromDepot'),
    ],
  )) as [Bundle, Bundle];
  const parts = await Promise.all(LIVE.map(live));
  for (const { file, text } of threads) writeAtomic(file, text);
  const ofParts = [evaluating, ordinary, seldom].flatMap((part) => part.sources);
  const made = { evaluating, ordinary, seldom, whole, repeated, storing, realizing, reckoning, rare, managing, placing };
  const always = [
    ...threads.flatMap(({ inputs }) => ownSources(inputs)),
    'cli/start.cjs',
    ...globSync('cli/bundle*.ts', { cwd: home }).sort(),
    'cli/warm-up.ts',
    ...WARM_UP_TEXTS.map((name) => `cli/${name}`),
    'package.json',
  ];
  // What is looked at before everything: as few as may be.
  const first = ['cli/start.cjs', ...READ_LATER.filter((file) => !file.startsWith('eval/library/'))];
  const sourcesOf: Record<keyof typeof made, readonly string[]> = {
    evaluating: [...evaluating.sources, ...first],
    ordinary: [...ordinary.sources, ...always],
    seldom: [...seldom.sources, ...READ_LATER],
    whole: [...whole.sources, ...parts.flatMap((part) => part.sources), ...READ_LATER, ...always],
    // What it prints is what the evaluator would.
    repeated: [...repeated.sources, ...ofParts, ...READ_LATER, ...always],
    storing: [...storing.sources, ...always],
    realizing: [...realizing.sources, ...always],
    reckoning: [...reckoning.sources, ...READ_LATER],
    rare: rare.sources,
    managing: [...managing.sources, ...always],
    placing: placing.sources,
  };
  const stamps = [...new Set(Object.values(sourcesOf).flat())].map((file) => {
    const { size, mtimeNs } = statSync(join(home, file), { bigint: true });
    return [file, `${size} ${mtimeNs}`] as const;
  });
  const places = new Map(stamps.map(([file], place) => [file, place]));
  const bundles = Object.fromEntries(
    Object.entries(made).map(([name, { file }]) => {
      const sources = new Set(sourcesOf[name as keyof typeof made]);
      const behind = [EVALUATION, MANAGEMENT, REALIZATION].find(({ names }) => names[0] === name)?.names.slice(1);
      const parts = behind === undefined ? {} : { parts: behind };
      return [name, { file, ...parts, sources: [...sources].map((source) => places.get(source)!) }];
    }),
  );
  const uses = { evaluating: EVALUATING, repeated: REMEMBERED, storing: STORING, realizing: REALIZING, managing: MANAGING };
  const files = Object.values(made).map(({ file }) => file);
  const states = JSON.stringify(stamps);
  const sources = `sources-${createHash('sha256').update(states).digest('hex').slice(0, 16)}.json`;
  writeAtomic(sources, states);
  writeAtomic('stamp.json', JSON.stringify({ node: process.version, bundles, uses, files, sources }));
  // A program that runs may still want a part of the build before.
  const scripts = [...files, ...before].map((file) => `${file}.cjs`);
  const stays = new Set([
    'stamp.json',
    sources,
    ...threads.map(({ file }) => file),
    ...parts.map(({ file }) => `${file}.mjs`),
    ...scripts,
  ]);
  for (const name of readdirSync(dist)) if (!stays.has(name)) rmSync(join(dist, name), { force: true });
  await runTrials(made);
}

await main();
