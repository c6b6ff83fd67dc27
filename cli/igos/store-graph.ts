import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { graphDot } from '../graph/dot.ts';
import { graphJson } from '../graph/json.ts';
import { drawSvg } from '../graph/svg.ts';
import { treeLines } from '../graph/tree.ts';
import { viewOf } from '../graph/view.ts';
import { openContextStore } from '../open-store.ts';
import { writeOutputFile } from '../output-file.ts';
import { validPaths } from '../valid-paths.ts';
import { referrersClosure } from './store-referrers.ts';

const FORMAT_OF: Readonly<Record<string, string>> = { '.json': 'json', '.dot': 'dot', '.gv': 'dot', '.svg': 'svg' };

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  const isUpwards = args.has('referrers');
  const graph = store.graph(isUpwards ? referrersClosure(store, paths) : paths);
  const view = viewOf(graph, paths, { isUpwards, hasAll: args.has('all') });
  const file = args.value('output');
  const format =
    args.value('format') ?? (file === undefined ? undefined : FORMAT_OF[extname(file)]) ?? (context.isJson ? 'json' : 'text');
  if (context.isJson && format !== 'json')
    throw new UsageError(`--json prints JSON, and '${format}' is another form`, ['leave --json out, or --format']);
  const text =
    format === 'svg'
      ? drawSvg(view, ({ path }) => pathToFileURL(store.toReal(path)).href)
      : format === 'dot'
        ? graphDot(view)
        : format === 'json'
          ? `${JSON.stringify(graphJson(view), null, 2)}\n`
          : `${treeLines(view).join('\n')}\n`;
  if (file === undefined) return void context.out.line(text.trimEnd());
  writeOutputFile(resolve(context.workingDirectory, file), (sink) => sink(Buffer.from(text, 'utf8')));
  if (context.isJson) context.out.json({ file });
}
