// Runs igos from its sources: in a checkout whose bundle is absent or older than a file it was made of. The compile cache is on
// before anything else is loaded.
import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Not the default in /tmp: whoever can write the cache can run code as us. Who has no home does without.
const base = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
if (base && makes(base) && makes(join(base, 'igos')) && makes(join(base, 'igos', 'compile')))
  enableCompileCache(join(base, 'igos', 'compile'));

// Each by itself: Node makes a whole path at once, and never ends where the system has no folder of that name, as in /proc.
function makes(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}

const { main } = await import('./main.ts');
await main(process.argv.slice(2), (file) => import(`./${file}.ts`));
