/** Paths of the plain module that do no harm beyond their own request, and those that do. Some only mean something over a socket, where the others are answered as ever. */
export const DEEDS = {
  harmless: ['/well', '/echo', '/soon', '/twice', '/gives-up', '/no-base64', '/wrong-status', '/information', '/bad-header'],
  lying: ['/head-twice', '/over-window', '/body-first', '/window-lie', '/longer', '/no-number', '/no-http', '/reset', '/deep'],
  slow: ['/never', '/late', '/stalls', '/tcp-never'],
  flooding: ['/flood', '/noise', '/long'],
  deadly: ['/exit', '/killed', '/dies-in-body', '/closes'],
  hanging: ['/stopped', '/busy'],
} as const;

/** How many of a thousand requests are of a kind. */
export const SHARES: readonly (readonly [keyof typeof DEEDS, number])[] = [
  ['harmless', 788],
  ['lying', 120],
  ['slow', 25],
  ['flooding', 10],
  ['deadly', 43],
  ['hanging', 14],
];
