/** Milliseconds since this process started, by a clock that nobody sets. `performance` says the same, and takes a millisecond to load. */
export const uptimeMs = (): number => process.uptime() * 1000;
