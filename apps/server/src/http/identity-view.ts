import { type ApiKey, type NewApiKey, type Session, isoTime } from '@loopwright/protocol';
import { listIn } from '../identity/api-key-access.ts';
import type { IssuedApiKey, StoredApiKey } from '../identity/api-keys.ts';
import type { StoredSession } from '../identity/sessions.ts';

/** An API key as the wire shows it. */
export function apiKeyView(row: StoredApiKey): ApiKey {
  return {
    key_id: row.key_id,
    name: row.name,
    user_id: row.user_id,
    role: row.role_cap,
    scopes: listIn(row.scopes),
    projects: listIn(row.projects),
    created_at: isoTime(row.created_at),
    expires_at: timeOrNull(row.expires_at),
    last_used_at: timeOrNull(row.last_used_at),
    revoked_at: timeOrNull(row.revoked_at),
  };
}

/** A key with its secret, for the one answer that has it. */
export function issuedKeyView({ row, key }: IssuedApiKey): NewApiKey {
  return { ...apiKeyView(row), key };
}

/** A session as its owner sees it; `currentId` is the one of this request. */
export function sessionView(row: StoredSession, currentId: string | null): Session {
  return {
    session_id: row.session_id,
    opened_with: row.key_id === null ? 'oidc' : 'api_key',
    created_at: isoTime(row.created_at),
    last_seen_at: isoTime(row.last_seen_at),
    expires_at: isoTime(row.expires_at),
    address: row.address,
    user_agent: row.user_agent,
    current: row.session_id === currentId,
  };
}

/** A time for the wire; `null` stays. */
export function timeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
