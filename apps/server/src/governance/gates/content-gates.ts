import { findingsOf } from '../../hygiene/measure-hygiene.ts';
import type { FileFacts, Found } from '../survey/survey.ts';
import { type Gate, type Measured, type Measurement, noneFound } from './gate.ts';

type FoundMember = 'secrets' | 'emojis' | 'terms' | 'colors' | 'fonts' | 'personal' | 'health';

/** Everything of one kind in the texts of a workspace. */
export function foundIn(
  files: readonly FileFacts[],
  member: FoundMember,
): { findings: ReturnType<typeof findingsOf>; total: number } {
  const found = files.map((file): [FileFacts, Found] => [file, file[member]]);
  return {
    findings: found.flatMap(([file, places]) => findingsOf(file, places)),
    total: found.reduce((sum, [, { total }]) => sum + total, 0),
  };
}

function none(
  measured: Measured,
  member: FoundMember,
  words: { what: string; remediation: string; pointer: string },
): Measurement {
  return noneFound(measured, { ...foundIn(measured.survey.files, member), ...words });
}

/** No credentials in any file. */
export const securityScan: Gate = (measured) =>
  measured.policy.document.quality_gates?.security_scan_required === true
    ? none(measured, 'secrets', {
        what: 'credentials',
        remediation: 'Take the credentials out, and revoke them: whoever could read the files has them',
        pointer: '/quality_gates/security_scan_required',
      })
    : undefined;

/** None of the terms of the policy. */
export const forbiddenTerms: Gate = (measured) =>
  (measured.policy.document.brand_constraints?.forbidden_terms ?? []).length > 0
    ? none(measured, 'terms', {
        what: 'forbidden terms',
        remediation: 'Say it in other words',
        pointer: '/brand_constraints/forbidden_terms',
      })
    : undefined;

/** No emojis. */
export const noEmojis: Gate = (measured) =>
  measured.policy.document.brand_constraints?.no_emojis === true
    ? none(measured, 'emojis', { what: 'emojis', remediation: 'Take the signs out', pointer: '/brand_constraints/no_emojis' })
    : undefined;

/** Only the colours of the brand, in pages and style sheets. */
export const brandColors: Gate = (measured) =>
  measured.policy.document.brand_constraints?.colors === undefined
    ? undefined
    : none(measured, 'colors', {
        what: 'colours that are not of the brand',
        remediation: 'Use the colours of the policy',
        pointer: '/brand_constraints/colors',
      });

/** Only the fonts of the brand, in pages and style sheets. */
export const brandFonts: Gate = (measured) =>
  measured.policy.document.brand_constraints?.fonts === undefined
    ? undefined
    : none(measured, 'fonts', {
        what: 'fonts that are not of the brand',
        remediation: 'Use the fonts of the policy',
        pointer: '/brand_constraints/fonts',
      });
