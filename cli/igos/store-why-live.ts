import { type Explanation, type KeepReason, type Root, whyLive } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { keepOptions } from '../keep-options.ts';
import { openContextStore } from '../open-store.ts';
import { rootJson } from '../root-json.ts';
import { validPaths } from '../valid-paths.ts';
import { bytesToWord } from '../words.ts';

const KINDS: Readonly<Record<Root['kind'], string>> = {
  link: 'root',
  result: 'result link',
  profile: 'profile',
  temporary: 'in use by igos,',
  process: 'in use by',
};
const REASONS: Readonly<Record<KeepReason, string>> = { reference: 'refers to', deriver: 'was built by', output: 'makes' };

/** Exit status 1 where nothing keeps the path. */
export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  const answers = paths.map((path) => ({ path, explanations: whyLive(store, path, keepOptions(context, args)) }));
  const isFree = answers.some(({ explanations }) => explanations.length === 0);
  if (context.isJson) {
    context.out.json({
      paths: answers.map(({ path, explanations }) => ({
        path,
        isLive: explanations.length > 0,
        roots: explanations.map(explanationJson),
      })),
    });
    return isFree ? 1 : 0;
  }
  for (const { path, explanations } of answers) {
    if (explanations.length === 0) context.out.talk(`nothing keeps ${path}: the next igos gc removes it`);
    for (const explanation of explanations) for (const line of linesOf(explanation)) context.out.line(line);
  }
  return isFree ? 1 : 0;
}

const explanationJson = ({ root, chain }: Explanation): object => ({
  root: rootJson(root),
  chain,
});

function linesOf({ root, chain }: Explanation): string[] {
  return [
    root.owner === undefined ? `${KINDS[root.kind]} ${bytesToWord(root.from)}` : `generations of ${bytesToWord(root.owner)}`,
    ...chain.map(({ path, by }, depth) => `${'  '.repeat(depth + 1)}${by === undefined ? '' : `${REASONS[by]} `}${path}`),
  ];
}
