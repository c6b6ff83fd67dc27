/** As messages show it: `2026-11-21`, UTC. */
export const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
