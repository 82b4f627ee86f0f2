import { builtinModules } from 'node:module';
import type { Finding } from '@loopwright/protocol';
import type { FileFacts } from '../survey/survey.ts';
import type { Gate } from './gate.ts';
import { isAllowedLicence } from './spdx.ts';

/** The dependencies that manifests, lock files and imports name have licences that the policy allows; one that is not known is a warning. */
export const licences: Gate = ({ survey, policy }) => {
  const allowed = policy.document.quality_gates?.allowed_licences;
  if (allowed === undefined) return undefined;
  const pointer = '/quality_gates/allowed_licences';
  const { refused, unknown, total } = licenceFindings(survey.files, allowed);
  const base = { threshold: 0, pointer, findings: [...refused, ...unknown], total: refused.length + unknown.length };
  const remediation = 'Replace what is not allowed; a package-lock.json says the licences that are not known';
  if (refused.length > 0)
    return {
      ...base,
      actual: refused.length,
      verdict: 'failed',
      message: `${refused.length} of ${total} dependencies have a licence that is not allowed`,
      remediation,
    };
  if (survey.left !== null)
    return { ...base, actual: null, verdict: 'not measured', message: `Not everything was looked at: ${survey.left}` };
  if (unknown.length > 0)
    return {
      ...base,
      actual: unknown.length,
      verdict: 'warned',
      message: `The licences of ${unknown.length} of ${total} dependencies are not known`,
      remediation,
    };
  return {
    ...base,
    actual: 0,
    verdict: 'passed',
    message: total === 0 ? 'There are no dependencies' : `The licences of ${total} dependencies are allowed`,
  };
};

/** The dependencies of a workspace whose licence is not allowed, and those whose licence nothing says. */
export function licenceFindings(
  files: readonly FileFacts[],
  allowed: readonly string[],
): { refused: Finding[]; unknown: Finding[]; total: number } {
  const known = new Map<string, { file: string; licence: string | null }>();
  // A lock file knows more than the manifest beside it.
  for (const { path, dependencies } of files.toSorted((a, b) => Number(b.isLock) - Number(a.isLock)))
    for (const { name, licence } of dependencies) if (!known.has(name)) known.set(name, { file: path, licence });
  for (const { path, code } of files)
    for (const specifier of code?.imports ?? []) {
      const name = packageOf(specifier);
      if (name !== undefined && !known.has(name)) known.set(name, { file: path, licence: null });
    }
  const refused: Finding[] = [];
  const unknown: Finding[] = [];
  for (const [name, { file, licence }] of known) {
    if (licence === null) unknown.push({ file, line: null, message: `the licence of "${name}" is not known` });
    else if (!isAllowedLicence(licence, allowed)) refused.push({ file, line: null, message: `"${name}" is under ${licence}` });
  }
  return { refused, unknown, total: known.size };
}

function packageOf(specifier: string): string | undefined {
  if (/^(?:[./#]|node:|data:|https?:)/.test(specifier) || builtinModules.includes(specifier)) return undefined;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
