import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { canonicalJson } from '../json/canonical-json.ts';
import { toJson } from '../json/json.ts';
import { moduleInitSchema } from './init.ts';
import { moduleMessageSchema, orchestratorMessageSchema } from './messages.ts';
import { MODULE_PROTOCOL_HISTORY, MODULE_PROTOCOL_VERSION } from './protocol-version.ts';

/** Digest of the schemas by version. A change of the wire form changes it: then there must be a new version, with what changed in the history. */
const DIGESTS: Record<number, string> = {
  2: '44b2b86185a0a722cff2a94661a0e443a399e16d4245dd5c7ee4b33f16014c21',
};

describe('MODULE_PROTOCOL_VERSION', () => {
  it('is the last of a history without holes', () => {
    assert.deepEqual(
      MODULE_PROTOCOL_HISTORY.map(({ version }) => version),
      Array.from({ length: MODULE_PROTOCOL_VERSION }, (_, index) => index + 1),
    );
  });

  it('changes with the wire form', () => {
    const schemas = [moduleInitSchema, moduleMessageSchema, orchestratorMessageSchema].map((schema) =>
      toJson(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })),
    );
    const digest = createHash('sha256').update(canonicalJson(schemas)).digest('hex');
    assert.equal(digest, DIGESTS[MODULE_PROTOCOL_VERSION]);
  });
});
