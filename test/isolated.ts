/** For `run.ts`: runs files in the order in which they are given, each in a process of its own. `node --test` sorts them by name. */
import { createWriteStream } from 'node:fs';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';
import report from './report.ts';

const [reportFile, concurrency, ...files] = process.argv.slice(2);
const stream = run({ files, concurrency: Number(concurrency) });
stream.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
stream.compose(tap).pipe(process.stdout);
stream.compose(report).pipe(createWriteStream(reportFile!));
