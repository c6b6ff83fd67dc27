/** Every error code of igos, for `igos help CODE` and docs/errors.md. */
import type { CodeEntry } from '../base/index.ts';
import { buildCodes } from '../builder/index.ts';
import { checkCodes } from '../check/index.ts';
import { depotCodes } from '../depot/index.ts';
import { builtinCodes, declarationCodes, evalCodes } from '../eval/index.ts';
import { imageCodes } from '../image/index.ts';
import { importCodes } from '../import/index.ts';
import { langCodes } from '../lang/index.ts';
import { pkmCodes } from '../pkm/index.ts';
import { cacheCodes, storeCodes } from '../store/index.ts';
import { cliCodes } from './codes.ts';

export const allCodes: Readonly<Record<string, CodeEntry>> = {
  ...langCodes,
  ...evalCodes,
  ...builtinCodes,
  ...declarationCodes,
  ...storeCodes,
  ...cacheCodes,
  ...buildCodes,
  ...pkmCodes,
  ...depotCodes,
  ...checkCodes,
  ...importCodes,
  ...imageCodes,
  ...cliCodes,
};
