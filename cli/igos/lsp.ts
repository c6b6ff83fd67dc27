import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { serve } from '../lsp/server.ts';
import { version } from '../version.ts';

/** The one command that reads standard input as a stream: it lives as long as the editor. */
export function run(context: Context, args: Arguments): Promise<number> {
  return serve({
    input: process.stdin,
    output: process.stdout,
    version: version(),
    pipes: args.has('pipes'),
    log: (line) => context.out.talk(line),
  });
}
