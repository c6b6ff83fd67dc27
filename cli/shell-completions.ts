/** Completion scripts for bash, zsh and fish, from the command table. */
import { bash } from './completions/bash.ts';
import { fish } from './completions/fish.ts';
import { SHELLS } from './completions/places.ts';
import { zsh } from './completions/zsh.ts';

export { SHELLS };
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash, zsh, fish };

export const completionScript = (shell: Shell): string => SCRIPTS[shell]();
