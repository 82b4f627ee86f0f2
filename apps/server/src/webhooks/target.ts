import { PlatformError } from '@loopwright/protocol';
import type { OutboundHosts } from '../outbound/outbound-hosts.ts';

/** What is asked of where an URL leads. */
export type TargetHosts = Pick<OutboundHosts, 'allowHost' | 'isListed'>;

/**
 * Gives the URL that deliveries go to. `https` everywhere; `http` and addresses inside only for hosts that the operator lists. Throws
 * VALIDATION_ERROR with the reason.
 */
export async function checkTarget(text: string, hosts: TargetHosts): Promise<URL> {
  const url = new URL(text);
  const refuse = (why: string): never => {
    throw new PlatformError('VALIDATION_ERROR', `Cannot deliver to this URL: ${why}`, {
      details: { issues: [{ pointer: '/body/url', message: why }] },
    });
  };
  if (url.username !== '' || url.password !== '') refuse('it has a user or a password; the signature says who sends');
  if (url.hash !== '') refuse('it has a fragment, which is not sent');
  const host = hostOf(url);
  if (url.protocol !== 'https:' && !hosts.isListed(host))
    refuse(`it is not https, and the setting webhook_private_hosts does not list "${host}"`);
  // Which address a name has inside is nobody's business.
  await hosts
    .allowHost(host)
    .catch(() => refuse('it has no public address, and the setting webhook_private_hosts does not list it'));
  return url;
}

/** The host without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
