import { PlatformError, type PolicyLayer, toJson } from '@loopwright/protocol';
import { readLocatedYaml } from '../../config/located-yaml.ts';
import { type PolicyDocument, POLICY_LIMIT_BYTES, policyDocumentSchema } from './policy-document.ts';

/** One layer of a policy, and where it was read. */
export interface PolicySource {
  readonly layer: PolicyLayer;
  /** The project whose layer it is; `null` for the universal one and for that of a run. */
  readonly projectId: string | null;
  /** File name, or what else says where it stands. */
  readonly source: string;
  readonly document: PolicyDocument;
}

/**
 * Reads one layer from YAML or JSON text. Throws INVALID_POLICY with the pointer, line and column of everything that is wrong; unknown fields are.
 */
export function readPolicy(text: string, source: string): PolicyDocument {
  const read = readLocatedYaml(text, policyDocumentSchema, POLICY_LIMIT_BYTES);
  if (read.kind === 'document') return read.document;
  if (read.kind === 'fault') throw new PlatformError('INVALID_POLICY', `Cannot read the policy "${source}": ${read.message}`);
  const [first] = read.issues;
  const place =
    first === undefined ? '' : ` at line ${first.line}: ${first.pointer === '' ? '' : `${first.pointer}: `}${first.message}`;
  const more = read.issues.length > 1 ? ` (and ${read.issues.length - 1} more)` : '';
  throw new PlatformError('INVALID_POLICY', `Cannot take the policy "${source}"${place}${more}`, {
    details: { source, issues: toJson(read.issues) },
  });
}
