/** What composing a root costs: a trivial build over many layers, less the same build over one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes } from '../../base/index.ts';
import { realize } from '../../builder/index.ts';
import { derivationReferences, encodeDerivation, hostTree, openStore, placeholder } from '../../store/index.ts';
import { median } from './median.ts';

const N_LAYERS = 100;
const N_FILES = 200;
const ROUNDS = 7;

/** Prints the time of the first build over a set of layers, which compares all their files, and of the later ones. */
export async function layersTable(folder: string, print: (text: string) => void): Promise<void> {
  using store = openStore({ home: join(folder, 'home'), storeDir: '/igos/store' });
  const layers = Array.from({ length: N_LAYERS }, (_, layer) => {
    const source = join(folder, `layer-${layer}`);
    for (let file = 0; file < N_FILES; file++) {
      const place = join(source, `usr/share/layer-${layer}/${file % 10}`);
      if (file < 10) mkdirSync(place, { recursive: true });
      writeFileSync(join(place, String(file)), `${layer} ${file}\n`);
    }
    return { name: `layer-${layer}`, path: store.addPath(`layer-${layer}`, source), supersedes: [] };
  });
  const shell = hostTree(store, 'shell', { tools: ['sh'], files: [], searchPath: ['/bin', '/usr/bin'] });
  let nBuilds = 0;
  const build = async (isMany: boolean): Promise<number> => {
    const root = { layers: [{ name: 'shell', path: shell, supersedes: [] }, ...(isMany ? layers : [])] };
    const env = { out: placeholder('out'), igosRoot: JSON.stringify(root), number: String(nBuilds++) };
    const drv = {
      name: 'composed',
      outputs: new Map([['out', { kind: 'floating', method: 'nar', algorithm: 'sha256' } as const]]),
      inputDrvs: new Map(),
      inputSrcs: root.layers.map((layer) => layer.path).sort(compareBytes),
      system: process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux',
      builder: '/bin/sh',
      args: ['-c', 'echo $number > $out'],
      env: new Map(Object.entries(env)),
    };
    const text = { name: 'composed.drv', text: encodeDerivation(drv), references: derivationReferences(drv) };
    const [drvPath] = store.addTexts([text]);
    const start = performance.now();
    await realize(store, [{ drvPath: drvPath!, outputs: [] }]);
    return performance.now() - start;
  };
  await build(false);
  const first = await build(true);
  const one: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    one.push(await build(false));
    many.push(await build(true));
  }
  const difference = (value: number): string => (value - median(one)).toFixed(0);
  print(
    `composed root of ${N_LAYERS} layers × ${N_FILES} files, beyond that of one: ${difference(first)} ms the first time, ${difference(median(many))} ms after that (a whole build: ${median(one).toFixed(0)} and ${median(many).toFixed(0)} ms)`,
  );
}
