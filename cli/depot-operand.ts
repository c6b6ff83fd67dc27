/** What names packages in a depot: `depot:USER/pkg/ARCH/NAME/VERSION`. Apart from what reads them, which is much to load. */
export const DEPOT_PREFIX = 'depot:';

export const isDepotOperand = (operand: string): boolean => operand.startsWith(DEPOT_PREFIX);
