// Runs igos from its sources: in a checkout whose bundle is absent or older than a file it was made of. The compile cache is on
// before anything else is loaded.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Not the default in /tmp: whoever can write the cache can run code as us.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'igos', 'compile'));
const { main } = await import('./main.ts');
await main(process.argv.slice(2), (file) => import(`./${file}.ts`));
