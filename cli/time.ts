/** Seconds since 1970 as `2026-11-21 06:10:00 UTC`. */
export const formatTime = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
