import { PtcClientError } from './ptc-errors.ts';

/**
 * Checks the address of a generation service and drops the slashes at its end; a path stays in front of the routes.
 * Credentials, a query and a fragment are refused: the first would end in logs, the others would be lost without a word.
 */
export function normalizeServiceUrl(address: string): string {
  const url = URL.parse(address.trim());
  if (url === null) throw invalid(address, 'it is not an absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid(address, 'the scheme is neither http nor https');
  if (url.username !== '' || url.password !== '') throw invalid(`${url.protocol}//…@${url.host}`, 'it contains credentials');
  if (url.search !== '' || url.hash !== '') throw invalid(address, 'it contains a query or a fragment');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function invalid(address: string, reason: string): PtcClientError {
  return new PtcClientError('INVALID_CONFIGURATION', `Cannot use the service URL "${address}": ${reason}`);
}
