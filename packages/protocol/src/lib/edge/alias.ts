import { z } from 'zod';

/** The alias that every program has: the version that is served when a request names none. */
export const ACTIVE_ALIAS = 'active';
/** Aliases of a program, `active` among them. */
export const ALIASES_PER_PROGRAM = 16;

/** The name of an alias: a movable pointer to a version of a program. */
export const aliasNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'is no name of an alias: a to z, 0 to 9 and -');
