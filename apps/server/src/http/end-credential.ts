import type { Identity } from '../identity/identity.ts';

/** What was opened with a credential ends with it: its tickets and its streams. */
export function endCredential({ tickets, streams }: Identity, credentialId: string): void {
  tickets.withdraw(credentialId);
  streams.end(credentialId);
}

/** Ends the sessions that a key opened, with their streams. */
export async function endSessionsOf(identity: Identity, keyId: string): Promise<void> {
  for (const id of await identity.sessions.endAllOf(keyId)) endCredential(identity, id);
}

/** Ends what was opened with a secret of a key that is worth nothing from now on, and leaves the key itself: its next secret opens new ones. */
export async function endWhatWasOpened(identity: Identity, keyId: string): Promise<void> {
  identity.tickets.withdraw(keyId);
  identity.streams.cut(keyId);
  await endSessionsOf(identity, keyId);
}
