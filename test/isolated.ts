/** For `run.ts`: runs files in the order in which they are given, each in a process of its own. `node --test` sorts them by name. */
import { createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';
import report from './report.ts';

const [reportFile, ...files] = process.argv.slice(2);
// One more than there are processors: many wait for a program, a clock or a disk now and then.
const stream = run({ files, concurrency: availableParallelism() + 1 });
stream.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
stream.compose(tap).pipe(process.stdout);
stream.compose(report).pipe(createWriteStream(reportFile!));
