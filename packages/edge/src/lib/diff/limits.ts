/** Inputs under way at once while versions are compared. */
export const INPUTS_AT_ONCE = 64;
/** Kinds of change that are told apart; what is of none of them is counted together. */
export const KINDS_TOLD_APART = 500;
/** Kinds in a report. */
export const KINDS_LISTED = 20;
/** Examples of each kind. */
export const EXAMPLES_OF_KIND = 3;
/** Characters of an input or answer in a report. */
export const EXAMPLE_CHARACTERS = 500;
/** Characters of the name of a kind. */
export const KIND_CHARACTERS = 200;
/** Characters of logged lines that are read for a comparison; they are not held together. */
export const REPLAY_CHARACTERS = 1024 * 1024 * 1024;
