import type { Client } from '@loopwright/client';
import { newApiKeySchema, webhookWithSecretSchema } from '@loopwright/protocol';

/** Makes two keys and two webhooks. */
export async function seedSettings(client: Client): Promise<void> {
  for (const json of [
    { name: 'nightly import', role: 'operator' },
    { name: 'status board', role: 'viewer' },
  ])
    await client.call({ method: 'POST', path: '/api/v1/api-keys', answer: newApiKeySchema, json });
  for (const [host, json] of Object.entries({
    'hooks.example.com': { event_types: ['waiting_*', 'completed'], description: 'Tells the support channel' },
    'audit.example.com': { event_types: ['*'], description: 'Everything, for the auditors' },
  })) {
    const url = `https://${host}/loopwright`;
    await client.call({ method: 'POST', path: '/api/v1/webhooks', answer: webhookWithSecretSchema, json: { url, ...json } });
  }
}
