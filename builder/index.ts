/** Derivation → outputs: plan, schedule, sandbox, fetchers, logs. Knows the store, not the language; prints nothing. */
export { BuildFailure } from './build-failure.ts';
export { BuildFault } from './build-fault.ts';
export {
  type CheckOptions,
  type CheckResult,
  checkBuild,
  type Difference,
  type DifferentOutput,
  repairByBuild,
} from './check.ts';
export { type BuildCode, buildCodes } from './codes.ts';
export { type LockedSeed, lockSeed, type SeedLists } from './debian/lock-seed.ts';
export type { Mirror } from './debian/mirror.ts';
export type { SeedPackage, SeedPart, SeedRequest } from './debian/resolve.ts';
export { type DevelopOptions, develop } from './develop.ts';
export { type Download, type DownloadOptions, type DownloadRequest, download } from './fetch/download.ts';
export { removeBuildLeftovers } from './leftovers.ts';
export { planBuild } from './plan.ts';
export { probeSandbox, type SandboxProbe } from './probe.ts';
export { realize } from './realize.ts';
export { followLog, pourLog, readLog, requireLog } from './running-log.ts';
export { type Findings, findSubstitutes } from './substitute.ts';
export type * from './types.ts';
export { validOutputs } from './valid-outputs.ts';
