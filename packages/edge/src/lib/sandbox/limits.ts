/** The longest input of a call, in characters of JSON. */
export const INPUT_LIMIT_CHARS = 16 * 1024 * 1024;
/** The longest output of a call, in characters of JSON. */
export const OUTPUT_LIMIT_CHARS = 4 * 1024 * 1024;
/** The longest message of a failed call, in characters. */
export const MESSAGE_LIMIT_CHARS = 2000;
/** The largest frame between the pool and a worker, in bytes: the longest input, three bytes a character. */
export const FRAME_LIMIT_BYTES = 64 * 1024 * 1024;
/** Timers of isolated-vm that may be alive in one worker; calls above that have only the kill from outside (see `timer-budget.ts`). */
export const TIMERS_MAX = 50_000;
/** How late the limit of time inside a worker may act, in nanoseconds: 2 ms. */
export const TIMER_SLACK_NS = 2_000_000;
/** What the pool adds to the limit of time before it kills, in milliseconds. */
export const HARD_LIMIT_GRACE_MS = 250;
/** Part of its limit that a call must have had of a processor before it is said to have run too long; on a busy machine time alone says nothing. */
export const FAIR_SHARE = 0.25;
/** How many times its limit a call may take that had less of a processor than its {@link FAIR_SHARE}. */
export const PATIENCE = 5;
/** How often busy workers are looked at: age of the head call and resident memory, in milliseconds. */
export const WATCH_INTERVAL_MS = 25;
/** A head call older than this makes the calls behind it look for another worker, in milliseconds. */
export const STUCK_HEAD_MS = 30;
/** Priority (`nice`) of a worker whose head call is older than {@link STUCK_HEAD_MS}: what is quick goes before it. */
export const LOWERED_PRIORITY = 5;
/** The same where a priority cannot be raised again (that takes root, or CAP_SYS_NICE): the worker is given up with the call, which costs the start of another. */
export const LOWERED_FOR_GOOD_MS = 300;
/** Worker processes of all tenants together, for each that one tenant may have: one that is idle makes room for another tenant. */
export const TENANTS_AT_ONCE = 4;
/** Writes to a worker that are not answered to their end; what comes then is one write more. */
export const WRITES_UNDER_WAY = 2;
/** Calls under way in one worker. */
export const PIPELINE_CALLS = 64;
/** Expected work under way in one worker, in milliseconds: what a call sent now may have to wait. */
export const PIPELINE_WORK_MS = 4;
/** Threads of one worker, where the kernel counts them; Node and its engine have about fifteen, more on large machines. */
export const THREADS_PER_WORKER = 256;
/** Programs held by one worker; the one called longest ago goes first. */
export const PROGRAMS_PER_WORKER = 12;
/** Programs whose history (latency, kills) the pool remembers. */
export const PROGRAMS_REMEMBERED = 2000;
/** Calls that wait or run, and bytes of their inputs; above either a call is refused with OVERLOADED. */
export const QUEUE_LIMIT_CALLS = 50_000;
export const QUEUE_LIMIT_CHARS = 256 * 1024 * 1024;
/** Kills within {@link KILL_WINDOW_MS} after which a program is not run for {@link QUARANTINE_MS}. */
export const KILLS_BEFORE_QUARANTINE = 3;
export const KILL_WINDOW_MS = 10 * 60_000;
export const QUARANTINE_MS = 60_000;
/** A worker that is not ready after this is killed, in milliseconds; long, because several start at once, and on a busy machine that takes its time. */
export const START_LIMIT_MS = 60_000;
/** Starts that fail one after the other until calls that wait are refused. */
export const START_FAILURES_MAX = 5;
/** Delay before a worker that died at its start is replaced: doubled from the first to the second, in milliseconds. */
export const RESTART_DELAY_MS = 50;
export const RESTART_DELAY_MAX_MS = 5000;
