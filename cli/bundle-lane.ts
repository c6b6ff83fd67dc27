/** The part of `dist/` that other threads of the store run: small, since they start while there is work waiting for them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { koffiInside } from './bundle-koffi.ts';

/** The text of a program, its name, which changes with it, and what it is made of. */
export async function bundleLane(home: string): Promise<{ file: string; text: string; inputs: Record<string, unknown> }> {
  const result = await build({
    entryPoints: [join(home, 'store/lanes/thread.ts')],
    absWorkingDir: home,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['koffi'],
    plugins: [koffiInside("require('node:path').dirname(__dirname)")],
    metafile: true,
    logLevel: 'error',
  });
  const { text } = result.outputFiles[0]!;
  const file = `lane-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.cjs`;
  return { file, text, inputs: result.metafile.inputs };
}

/** Tells a bundle where its lanes find their program. */
export const laneProgram = (file: string): Plugin => ({
  name: 'lane program',
  setup(build) {
    build.onLoad({ filter: /store\/lanes\/program\.ts$/ }, () => ({
      contents: `declare const igosHome: string;\nexport const laneProgram = () => igosHome + ${JSON.stringify(`/dist/${file}`)};`,
      loader: 'ts',
    }));
  },
});
