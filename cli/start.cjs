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

const home = path.join(__dirname, '..');
const words = process.argv.slice(2);
const bundle = freshBundle();
if (bundle === undefined) import('./start-source.js');
else run(bundle);

// The commands that evaluate and do little else have a bundle of their own: a quarter of the whole.
function freshBundle() {
  const stamp = readIfThere(`${home}/dist/stamp.json`);
  if (stamp === undefined) return undefined;
  const { node, small, bundles, sources } = JSON.parse(stamp);
  // A checkout may still have the bundle of an older igos.
  if (node !== process.version || !Array.isArray(sources)) return undefined;
  // A package that was installed does not change under us; a checkout does.
  if (fs.existsSync(`${home}/.git`)) {
    for (const [file, size, time] of sources) {
      const now = fs.statSync(`${home}/${file}`, { throwIfNoEntry: false });
      if (now === undefined || now.size !== size || now.mtimeMs !== time) return undefined;
    }
  }
  const name = words[0] === 'igos' && small.includes(words[1]) ? bundles.evaluating : bundles.whole;
  // esbuild writes ASCII: Latin-1 saves decoding, and V8 keeps the text as one byte a character.
  const text = readIfThere(`${home}/dist/${name}.cjs`, 'latin1');
  return text && { name, text, code: readIfThere(`${home}/dist/${name}.code`, null) };
}

function run({ name, text, code }) {
  const vm = require('node:vm');
  const script = new vm.Script(text, {
    filename: `${home}/dist/${name}.cjs`,
    cachedData: code,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const target = { exports: {} };
  script.runInThisContext()(target.exports, require, target, home);
  // Set by cli/bundle.ts alone: functions that a typical run has compiled go into the cache.
  if (process.env.IGOS_WRITE_CODE_CACHE === name) {
    process.on('exit', () => {
      const temporary = `${home}/dist/.${name}.${process.pid}`;
      fs.writeFileSync(temporary, script.createCachedData());
      fs.renameSync(temporary, `${home}/dist/${name}.code`);
    });
  }
  target.exports.start(words);
}

function readIfThere(file, encoding = 'utf8') {
  try {
    return fs.readFileSync(file, encoding);
  } catch {
    return undefined;
  }
}
