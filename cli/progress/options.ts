/** How commands that build show it. */
import { further, type Option } from '../command.ts';

export const PROGRESS_OPTIONS: readonly Option[] = [
  { long: 'print-build-logs', short: 'L', doc: 'print what builds write, behind their names' },
  ...further([
    {
      long: 'log-format',
      values: ['FORMAT'],
      choices: ['bar', 'bar-with-logs', 'raw', 'raw-with-logs', 'internal-json'],
      doc: "bar: draw on the terminal; raw: print lines; …-with-logs: with what builds write; internal-json: Nix's @nix lines (default: what fits)",
    },
  ]),
];
