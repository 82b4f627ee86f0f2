/** The limits of the engine: one that is reached is an error with a code, never a hang, and nothing is half written. */

/** The largest definition, in characters of its text. */
export const DEFINITION_LIMIT_CHARACTERS = 1024 * 1024;
/** How deep the JSON of a definition may be nested; a task inside a task is three levels deeper. */
export const DEFINITION_DEPTH_LIMIT = 100;
/** How many definitions a store keeps, every version of each counted. */
export const DEFINITION_COUNT_LIMIT = 10_000;
/** How many tasks stand in one list, and how many branches in a `fork`. */
export const LIST_LIMIT = 1000;

/** How many tasks one execution may run: a definition that jumps back for ever ends with an error, not with a full disk. */
export const TASK_LIMIT = 10_000;
/** The longest collection that `for` goes through. */
export const ITEM_LIMIT = 10_000;
/** How many results, waits and questions one execution records: a function may record several in one task. */
export const ENTRY_LIMIT = 50_000;
/** How many events an execution may have before people cannot pause it any more; what it does by itself is limited by its tasks. */
export const EVENT_LIMIT = 100_000;

/** The largest input, output, result, event or question, in characters of its JSON text. */
export const VALUE_LIMIT_CHARACTERS = 4 * 1024 * 1024;
/** How deep such a value may be nested: what reads it later is recursive. */
export const VALUE_DEPTH_LIMIT = 200;
/** The largest answer of a person, in characters of its JSON text. */
export const ANSWER_LIMIT_CHARACTERS = 256 * 1024;
/** The longest text of an error; the rest is cut off. */
export const ERROR_LIMIT_CHARACTERS = 512 * 1024;

/** How many questions of one execution are open at the same time. */
export const OPEN_QUESTION_LIMIT = 1000;
/** How many answers of one execution wait for their questions. */
export const EARLY_ANSWER_LIMIT = 1000;
/** How many types of events one execution listens for at the same time. */
export const LISTENER_LIMIT = 1000;
