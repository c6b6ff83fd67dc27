// The first thing that runs. Plain JavaScript, so that a Node that is too old says so instead of failing on syntax; CommonJS,
// since the loader of modules costs a millisecond. Loads the bundle of cli/bundle.ts with its compiled code, or the sources.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `igos needs Node 24 or newer, and this is ${process.versions.node}\nhint: run 'npm ci' in the folder of igos: it brings its own\n`,
  );
  process.exit(70);
}

// What bin/igos set for this process alone.
if (process.env.IGOS_TUNES_MALLOC === '1') {
  delete process.env.IGOS_TUNES_MALLOC;
  delete process.env.GLIBC_TUNABLES;
}

// By the C library: Node's own way costs 2 MiB (bin/igos). All is loaded from where this file really is: pnpm has a symlink where the
// packages that igos needs are not found.
const home = fs.realpathSync.native(path.dirname(__dirname));
if (home !== path.dirname(__dirname)) return require(`${home}/cli/start.cjs`);

// Most would run there, and others say of a module that it is none.
if (home.includes('\\')) {
  process.stderr.write(
    `igos: Node loads no modules from a folder with a backslash in its name: '${home}'\nhint: move igos to a folder with another name\n`,
  );
  process.exit(70);
}

const words = process.argv.slice(2);
// Of cli/bundle.ts; a checkout may still have that of an older igos.
const stamp = JSON.parse(readIfThere(`${home}/dist/stamp.json`) ?? '{}');
// Sizes and times of all sources: a file of its own, which nobody reads who has installed igos. What was read first counts, since a build
// may replace it.
let states;
// A package that was installed does not change under us; a checkout does.
const mayChange = fs.existsSync(`${home}/.git`);
// Numbers of the usual kind take four calls of a function that V8 then compiles, at every start: 2 MiB.
const STAT_OPTIONS = { bigint: true, throwIfNoEntry: false };
if (process.env.IGOS_FROM_SOURCES === '1') {
  delete process.env.IGOS_FROM_SOURCES;
  startSources();
} else run(chooseBundle());

// V8's own threads, which compile and collect, otherwise interrupt the one that evaluates, even where a processor is idle. Five: enough
// for that, and they still get a quarter of a busy processor, as the main thread waits for them where it collects
// (docs/performance.md). Asking for it takes half a millisecond: only what evaluates for some time does.
function putMainThreadFirst() {
  try {
    // In a /proc of another PID namespace these would be somebody else's numbers.
    if (fs.readlinkSync('/proc/self') !== String(process.pid)) return;
    const os = require('node:os');
    const lower = Math.min(os.getPriority() + 5, 19);
    for (const thread of fs.readdirSync('/proc/self/task')) if (Number(thread) !== process.pid) os.setPriority(Number(thread), lower);
  } catch {
    // Not Linux, or no /proc: it works without.
  }
}

// The fewer a command needs, the less is loaded. Standard input can be read once only: no handing over after that.
function chooseBundle() {
  const [program, command, what] = words;
  const { uses } = stamp;
  // The smaller bundles have no words about their commands.
  if (!uses?.storing || words.includes('--help') || words.includes('-h')) return 'whole';
  if (program === 'pkm') return managesOnly(uses.managing ?? []) && !words.some(isToBeMade) ? 'managing' : 'whole';
  if (uses.storing.includes(command === 'store' ? `store ${what}` : command)) return 'storing';
  if (uses.realizing?.includes(command)) return 'realizing';
  if (!uses.evaluating.includes(command)) return 'whole';
  const mayBeKnown = uses.repeated.includes(command) && !words.includes('-') && !words.includes('--no-eval-cache');
  return mayBeKnown ? 'repeated' : 'evaluating';
}

// Whether the command is one of these. Options may stand before it, with a value of their own or without: cli/main.ts.
function managesOnly(names) {
  let at = 1;
  while (words[at]?.startsWith('-')) at += /^(-r|--(root|home|store-dir|color))$/.test(words[at]) ? 2 : 1;
  return names.includes(words[at]) || names.includes(`${words[at]} ${words[at + 1]}`);
}

// What is evaluated or fetched from a depot, for which the small bundle would hand over. Trees without `#` it recognises itself.
function isToBeMade(word) {
  return word.includes('#') || word.startsWith('depot:');
}

// Whether a bundle is of the sources as they are.
function isFresh({ sources }) {
  // Node runs no TypeScript in node_modules; what was compiled by another Node it leaves aside by itself.
  if (!mayChange) return true;
  if (stamp.node !== process.version) return false;
  states ??= JSON.parse(readIfThere(`${home}/dist/${stamp.sources}`) ?? '[]');
  for (const place of sources) {
    const [file, state] = states[place] ?? [];
    if (file === undefined) return false;
    const now = fs.statSync(`${home}/${file}`, STAT_OPTIONS);
    if (now === undefined || `${now.size} ${now.mtimeNs}` !== state) return false;
  }
  return true;
}

function run(bundle) {
  const known = stamp.bundles?.[bundle];
  // There is none, it is old, or another build has just replaced it.
  const script = known?.sources && isFresh(known) && mayLoadParts(bundle, known) ? compile(known.file) : undefined;
  if (script === undefined) return startSources();
  // Once: who works on two operands at a time asks twice, and the command would run twice.
  let hasHandedOver = false;
  const handOver = () => {
    if (!hasHandedOver) {
      hasHandedOver = true;
      run(bundle === 'repeated' ? 'evaluating' : 'whole');
    }
    return new Promise(() => {});
  };
  if (bundle === 'realizing' || bundle === 'whole') putMainThreadFirst();
  start(script, handOver, mayBeginAnew(bundle)).start(words);
}

function startSources() {
  putMainThreadFirst();
  import('./start-source.js');
}

// Each part of an evaluation is looked at when it is loaded. One that is old then means beginning anew, which standard input does not allow,
// nor a root that was changed: there all are looked at first.
function mayLoadParts(bundle, { parts = [] }) {
  return mayBeginAnew(bundle) || parts.every((part) => isFresh(stamp.bundles[part]));
}

function mayBeginAnew(bundle) {
  return bundle === 'evaluating' && !words.includes('-');
}

// In this process, which whoever started it knows: another would outlive its end.
function runFromSources() {
  process.execve(process.execPath, [process.execPath, ...process.execArgv, __filename, ...words], { ...process.env, IGOS_FROM_SOURCES: '1' });
}

// A script of dist/, with its compiled code.
function compile(name) {
  // esbuild writes ASCII, which V8 keeps as one byte a character. Only UTF-8 is read without a buffer that stays until it is collected.
  const text = readIfThere(`${home}/dist/${name}.cjs`);
  if (text === undefined) return undefined;
  const vm = require('node:vm');
  const cachedData = readIfThere(`${home}/dist/${name}.code`, null);
  const script = new vm.Script(text, { filename: `${home}/dist/${name}.cjs`, cachedData });
  // Gives its memory back now: nothing else would collect it before a short run ends.
  cachedData?.buffer.transfer(0);
  // Set by cli/bundle-trials.ts alone: functions that a typical run has compiled go into the cache.
  if (process.env.IGOS_WRITE_CODE_CACHE === name) {
    process.on('exit', () => {
      const temporary = `${home}/dist/.${name}.${process.pid}`;
      fs.writeFileSync(temporary, script.createCachedData(), { flush: true });
      fs.renameSync(temporary, `${home}/dist/${name}.code`);
    });
  }
  return script;
}

// What a script exports. A part that is not the first gets the way to the others, and what those before it give (cli/bundle-parts.ts).
function start(script, handOver, beginsAnew, part, before) {
  const load = (name) => import(name.startsWith('./') ? require('node:url').pathToFileURL(`${home}/dist/${name}`).href : name);
  const loadPart = (name, part, before) => {
    const known = stamp.bundles[name];
    const script = !beginsAnew || isFresh(known) ? compile(known.file) : undefined;
    if (name === 'ordinary') putMainThreadFirst();
    if (script !== undefined) return start(script, handOver, beginsAnew, part, before);
    if (!beginsAnew) throw new Error(`igos was replaced while it ran: its '${name}' is gone; run the command again`);
    return runFromSources();
  };
  const target = { exports: {} };
  script.runInThisContext()(target.exports, require, target, home, handOver, load, loadPart, part, before);
  return target.exports;
}

function readIfThere(file, encoding = 'utf8') {
  try {
    return fs.readFileSync(file, encoding);
  } catch {
    return undefined;
  }
}
