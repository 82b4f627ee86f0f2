/** Days of records that the edge keeps; a day is read when it has been over for a whole one, long before it is deleted. */
export const KEPT_DAYS = 6;
/** Worker processes of one tenant. */
export const WORKERS = 2;
/**
 * How long a program may take, in milliseconds: far longer than any of them does. It is about lost records and leaks, and a machine that is busy
 * elsewhere is not to be taken for a program that is stuck.
 */
export const PROGRAM_TIMEOUT_MS = 5000;
/** Programs: the first two have one tenant, the third another. */
export const PROGRAMS: readonly { readonly name: string; readonly tenant: string }[] = [
  { name: 'alpha', tenant: 'one' },
  { name: 'beta', tenant: 'one' },
  { name: 'gamma', tenant: 'two' },
];
/** Every so many-th request is one at which its program throws: 422, and a record. */
export const FAILS_AT = 97;
/** Requests under way at once; what is due above that waits. */
export const UNDER_WAY_MAX = 512;
/** Connections of the callers: so few that all are soon open, and a burst later on is not taken for descriptors that leak. */
export const CONNECTIONS = 64;
/** Deaths of its worker that a version survives; at three the edge puts it into quarantine (`packages/edge`, sandbox/limits.ts). */
export const DEATHS_ALLOWED = 2;
/** How long the load is measured before it is halved, in milliseconds. */
export const MEASURING_MS = 5000;
/** Requests under way while it is measured. */
export const MEASURING_CALLERS = 32;
/** When memory and descriptors are looked at first after the last start of the edge, in milliseconds. Shorter soaks do not judge them. */
export const SETTLED_MS = 180_000;
/** How much more the last third of the samples may show than the first: a share and MB of resident memory, and descriptors. */
export const LEAK_BOUND: { readonly share: number; readonly mb: number; readonly descriptors: number } = {
  share: 0.1,
  mb: 24,
  descriptors: 8,
};
