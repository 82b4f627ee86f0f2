import type { Identity } from '../identity/identity.ts';

/** What was opened with a credential ends with it: its tickets and its streams. */
export function endCredential({ tickets, streams }: Identity, credentialId: string): void {
  tickets.withdraw(credentialId);
  streams.cut(credentialId);
}
