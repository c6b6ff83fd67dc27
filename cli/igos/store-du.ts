import { compareBytes, count, formatBytes } from '../../base/index.ts';
import { DiskMeter, type DiskUsage, type StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';

interface Row extends DiskUsage {
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly closureBytes: number;
}

const ORDERS: Readonly<Record<string, (a: Row, b: Row) => number>> = {
  size: (a, b) => b.sizeBytes - a.sizeBytes,
  closure: (a, b) => b.closureBytes - a.closureBytes,
  disk: (a, b) => b.diskBytes - a.diskBytes,
  name: (a, b) => compareBytes(a.path.slice(a.path.lastIndexOf('/') + 34), b.path.slice(b.path.lastIndexOf('/') + 34)),
};

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const named = args.operands.length === 0 ? [...store.allPaths()] : await validPaths(context, store, args.operands);
  const graph = store.graph(named);
  const closureSizes = graph.closureSizes();
  const meter = new DiskMeter(store);
  const paths = args.has('recursive') ? graph.infos.map(({ path }) => path) : named;
  const rows = paths.map((path): Row => {
    const node = graph.node(path)!;
    return { path, sizeBytes: graph.infos[node]!.narSizeBytes, closureBytes: closureSizes[node]!, ...meter.measure(path) };
  });
  const order = ORDERS[args.value('sort') ?? 'size']!;
  rows.sort((a, b) => order(a, b) || compareBytes(a.path, b.path));
  const shown = rows.slice(0, args.number('max', rows.length));
  const total = {
    nPaths: rows.length,
    sizeBytes: rows.reduce((sum, row) => sum + row.sizeBytes, 0),
    diskBytes: meter.totalBytes,
  };
  if (context.isJson) {
    context.out.json({ paths: shown, total });
    return;
  }
  const size = (nBytes: number): string => (args.has('bytes') ? String(nBytes) : formatBytes(nBytes));
  const table = shown.map((row) => [
    size(row.sizeBytes),
    size(row.closureBytes),
    size(row.diskBytes),
    row.sharedBytes === 0 ? '-' : size(row.sharedBytes),
    row.path,
  ]);
  const heads = ['size', 'closure', 'disk', 'shared', 'path'];
  const widths = heads.map((head, i) => Math.max(head.length, ...table.map((cells) => cells[i]!.length)));
  for (const cells of [heads, ...table]) {
    context.out.line(cells.map((cell, i) => (i === heads.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '));
  }
  context.out.line(`${count(total.nPaths, 'path')}: ${size(total.sizeBytes)}, on disk ${size(total.diskBytes)}`);
}
