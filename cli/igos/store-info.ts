import { formatHash, type PathInfo, type StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const named = await validPaths(context, store, args.operands);
  const isRecursive = args.has('closure') || args.has('recursive');
  const wantsSizes = args.has('closure-size');
  const graph = isRecursive || wantsSizes ? store.summaryGraph(named) : undefined;
  const paths = isRecursive ? graph!.infos.map(({ path }) => path) : named;
  const sizes = wantsSizes ? graph!.closureSizes() : undefined;
  const closureSize = (path: StorePath): number | undefined => sizes?.[graph!.node(path)!];
  if (!context.isJson && (args.has('size') || wantsSizes)) {
    const sizeOf = (path: StorePath): number => (graph?.infos[graph.node(path)!] ?? store.info(path)!).narSizeBytes;
    const lines = paths.map((path) => {
      const columns = [...(args.has('size') ? [sizeOf(path)] : []), ...(wantsSizes ? [closureSize(path)!] : [])];
      return `${path}\t${columns.map((size) => String(size).padStart(14)).join(' ')}\n`;
    });
    // One write: there may be thousands. Store paths hold nothing that a terminal would interpret.
    context.out.bytes(lines.join(''));
    return;
  }
  const infos: readonly PathInfo[] = paths.map((path) => store.info(path)!);
  if (context.isJson) {
    const row = (info: PathInfo) => {
      const size = closureSize(info.path);
      return { ...info, real: store.toReal(info.path), ...(size === undefined ? {} : { closureSizeBytes: size }) };
    };
    context.out.json({ paths: infos.map(row) });
    return;
  }
  for (const info of infos) {
    context.out.line(info.path);
    context.out.line(`  narHash     ${formatHash({ algorithm: 'sha256', hex: info.narHash }, 'sri')}`);
    context.out.line(`  narSize     ${info.narSizeBytes}`);
    for (const [index, path] of info.references.entries())
      context.out.line(`  ${(index === 0 ? 'references' : '').padEnd(12)}${path}`);
    if (info.deriver !== undefined) context.out.line(`  deriver     ${info.deriver}`);
    if (info.ca !== undefined) context.out.line(`  ca          ${info.ca}`);
    for (const signature of info.signatures ?? []) context.out.line(`  signature   ${signature}`);
    context.out.line(`  on disk     ${store.toReal(info.path)}`);
  }
}
