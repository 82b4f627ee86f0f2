/** The largest source text of a program, in bytes of UTF-8. */
export const SOURCE_LIMIT_BYTES = 4 * 1024 * 1024;
