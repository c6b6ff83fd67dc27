import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault, removedAtEnd, sys, temporaryName } from '../base/index.ts';
import type { DepotCode } from './codes.ts';
import { words } from './lists.ts';
import type { Recipe, SourceTree } from './recipe.ts';
import { runMake } from './run-make.ts';

/**
 * What the rules of a `content.mk` may use besides GNU make's own: `$(call port_dir,<port description>)`, the folder of a prepared port,
 * and `$(mirror_from_rep_dir)`, a rule that copies its target from the repository. A port that is not there is noted in `$(IGOS_MISSING)`.
 */
const ENVIRONMENT = `
igos_port_hash = $(strip $(if $(wildcard $1.hash),$(file <$1.hash)))
igos_port      = $(if $(call igos_port_hash,$1),$(wildcard $(CONTRIB_DIR)/$(notdir $1)-$(call igos_port_hash,$1)))
igos_no_port   = $(file >>$(IGOS_MISSING),$(notdir $1))$(error port $(notdir $1) is not prepared)
port_dir       = $(or $(call igos_port,$1),$(call igos_no_port,$1))

mirror_from_rep_dir = mkdir -p $(dir $@); cp -r $(REP_DIR)/$@ $(dir $@)

include $(CONTENT_MK)

.NOTPARALLEL:
`;

/** Left behind by editors and patches in a source tree: never part of an archive. */
export const isBackup = (name: string): boolean => /(~|\.rej|\.orig|\.swp)$/.test(name);

/**
 * Runs the rules of a recipe in the empty folder of its archive.
 *
 * @throws Fault E-DEPOT-004 no `content.mk` · E-DEPOT-007 ports are missing · E-DEPOT-009
 */
export async function makeContent(recipe: Recipe, tree: SourceTree, folder: string): Promise<void> {
  const contentMk = join(recipe.folder, 'content.mk');
  const name = `${recipe.type}/${recipe.name}`;
  if (!existsSync(contentMk)) {
    throw new Fault('E-DEPOT-004' satisfies DepotCode, `the recipe of '${name}' has no file 'content.mk'`, {
      hints: [`write the rules that make the archive's content into '${contentMk}'`],
    });
  }
  // In the depot, where `igos depot gc` finds it should this process be killed.
  const scratch = temporaryName(folder);
  sys('make the folder', scratch, () => mkdirSync(scratch));
  using _ = removedAtEnd(scratch);
  const missing = join(scratch, 'missing');
  const environment = join(scratch, 'environment.mk');
  // Not as standard input: make leaves a copy of that in the temporary folder.
  sys('write', environment, () => writeFileSync(environment, ENVIRONMENT));
  const variables = {
    CONTENT_MK: contentMk,
    GENODE_DIR: tree.folder,
    REP_DIR: recipe.repository,
    CONTRIB_DIR: join(tree.folder, 'contrib'),
    // As make sees it, from that folder: make would look for variables in a whole path.
    IGOS_MISSING: join('..', basename(scratch), 'missing'),
    VERBOSE: '@',
  };
  const settings = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const { status, log } = await runMake(['--quiet', '-f', environment, '-C', folder, ...settings]);
  if (status === 0) return;
  const ports = existsSync(missing) ? [...new Set(words(readFileSync(missing, 'utf8')))] : [];
  if (ports.length > 0) throw portsMissing(name, ports, tree);
  throw new Fault('E-DEPOT-009' satisfies DepotCode, `the content of '${name}' could not be made: make ended with ${status}`, {
    notes: log,
    hints: [`the rules are in '${contentMk}'`],
  });
}

function portsMissing(name: string, ports: readonly string[], tree: SourceTree): Fault {
  return new Fault(
    'E-DEPOT-007' satisfies DepotCode,
    `'${name}' needs the port ${ports.join(', ')}, which is not prepared or outdated`,
    {
      hints: [`prepare it: ${join(tree.folder, 'tool/ports/prepare_port')} ${ports.join(' ')}`],
    },
  );
}
