/** The caller's own id of a request, when it is one: at most 128 letters, digits and `-_.:`, so that it can stand in logs as it is. */
export function requestIdOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : undefined;
}
