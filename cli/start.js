// Plain JavaScript, so that a Node that is too old says so instead of failing on syntax. Everything else is loaded after the
// compile cache is on.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `igos needs Node 24 or newer, and this is ${process.versions.node}\nhint: run 'npm ci' in the folder of igos: it brings its own\n`,
  );
  process.exit(70);
}
// Not the default in /tmp: whoever can write the cache can run code as us.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'igos', 'compile'));
const { main } = await import('./main.ts');
await main(process.argv.slice(2));
