/** A small source tree with recipes of each type, written by us; and a depot beside it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Scene {
  readonly tree: string;
  readonly depot: string;
  /** Writes a file below the tree. */
  write(path: string, text: string): void;
  /** The same below the depot. */
  writeDepot(path: string, text: string): void;
}

const FILES: Record<string, string> = {
  'repos/os/include/clock/clock.h': 'int clock_now(void);\n',
  'repos/os/include/clock/clock.h~': 'left behind by an editor\n',
  'repos/os/src/lib/clock/clock.c': '#include <clock/clock.h>\nint clock_now(void) { return 42; }\n',
  'repos/os/src/app/wall/main.c': 'int main(void) { return 0; }\n',
  LICENSE: 'Do what you like.\n',
  'repos/os/recipes/api/clock/content.mk':
    'content: include/clock LICENSE\n\ninclude/clock:\n\t$(mirror_from_rep_dir)\n\nLICENSE:\n\tcp $(GENODE_DIR)/LICENSE $@\n',
  'repos/os/recipes/api/clock/hash': '- -\n',
  'repos/os/recipes/src/clock/content.mk':
    'content: src/lib/clock LICENSE\n\nsrc/lib/clock:\n\t$(mirror_from_rep_dir)\n\nLICENSE:\n\tcp $(GENODE_DIR)/LICENSE $@\n',
  'repos/os/recipes/src/clock/api': 'clock\n',
  'repos/os/recipes/src/clock/hash': '- -\n',
  'repos/os/recipes/src/wall/content.mk':
    'content: src/app/wall LICENSE\n\nsrc/app/wall:\n\t$(mirror_from_rep_dir)\n\nLICENSE:\n\tcp $(GENODE_DIR)/LICENSE $@\n',
  'repos/os/recipes/src/wall/used_apis': 'clock\n',
  'repos/os/recipes/src/wall/hash': '- -\n',
  'repos/os/recipes/raw/face/content.mk': 'content:\n\techo "face: round" > face.config\n',
  'repos/os/recipes/raw/face/hash': '- -\n',
  'repos/os/recipes/pkg/base/README': 'What every package needs.\n',
  'repos/os/recipes/pkg/base/archives': '_/src/clock\n',
  'repos/os/recipes/pkg/base/hash': '- -\n',
  'repos/os/recipes/pkg/wall/README': 'A clock on the wall.\n',
  'repos/os/recipes/pkg/wall/archives': '_/raw/face\n_/src/wall\n_/pkg/base\nother/raw/font/2024-01-01\n',
  'repos/os/recipes/pkg/wall/hash': '- -\n',
};

export function scene(context: TestContext): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const tree = join(folder, 'tree');
  const depot = join(folder, 'depot');
  const writer = (top: string) => (path: string, text: string) => {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  };
  const write = writer(tree);
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  return { tree, depot, write, writeDepot: writer(depot) };
}
