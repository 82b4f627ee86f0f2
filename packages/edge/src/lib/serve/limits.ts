/** Versions that are held ready to run, active ones not counted; the one used longest ago goes first. */
export const VERSIONS_HELD = 64;
/** Compiled schemas that are held; the one used longest ago goes first. */
export const SCHEMAS_HELD = 1000;
/** How often the edge looks whether an alias has moved, in milliseconds. Whoever moves one tells the edge besides. */
export const POLL_INTERVAL_MS = 400;
/** How long a version that could not be loaded is left alone, in milliseconds; a refresh tries at once. */
export const RELOAD_DELAY_MS = 10_000;
/** Calls before a version takes over, and in milliseconds their time together, and for how long they wait until it is known how they are run. */
export const WARM_UP_CALLS = 100;
export const WARM_UP_MS = 2000;
/** Calls under way at once while warming up, so that more than one worker loads the program. */
export const WARM_UP_CONCURRENCY = 8;
/** Deepest nesting of an input or output. */
export const NESTING_LIMIT = 500;
