/* Minutes since midnight. */
static inline int clock_minutes(void) { return 12 * 60 + 34; }
