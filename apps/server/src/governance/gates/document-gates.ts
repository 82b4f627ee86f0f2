import { basename } from 'node:path/posix';
import type { Finding } from '@loopwright/protocol';
import { OWED_DOCUMENTS } from '../phase-documents.ts';
import type { FileFacts, Survey } from '../survey/survey.ts';
import { modulesOf } from './code-gates.ts';
import { findingsOf } from '../../hygiene/measure-hygiene.ts';
import { type Gate, type Measured, type Measurement, noneFound, notMeasured } from './gate.ts';

/** Characters, white space not counted, below which a document says nothing. */
const LEAST_CHARACTERS = 80;

/** The documents that a phase owes are there, say something and have headings. */
export const planCompleteness: Gate = (measured) => owed(measured, 'planning');
/** See {@link planCompleteness}. */
export const architectureReview: Gate = (measured) => owed(measured, 'architecture');
/** See {@link planCompleteness}. */
export const docCompleteness: Gate = (measured) => owed(measured, 'documentation');

function owed({ survey }: Measured, phase: string): Measurement {
  const documents = OWED_DOCUMENTS[phase] ?? [];
  const findings = documents.flatMap(({ names, title }): Finding[] => {
    const found = names.flatMap((name) => survey.files.filter(({ path }) => path === `${phase}/${name}`));
    const [first] = found;
    if (first === undefined) return [{ file: `${phase}/${names[0] ?? ''}`, line: null, message: `${title} is missing` }];
    const faults = found.map(faultOf);
    return faults.includes(undefined) ? [] : [{ file: first.path, line: null, message: `${title}: ${faults[0] ?? ''}` }];
  });
  const actual = Math.floor((100 * (documents.length - findings.length)) / documents.length);
  const base = { actual, threshold: 100, findings, remediation: 'Write the documents that the findings name' };
  if (findings.length === 0) return { ...base, verdict: 'passed', message: `All ${documents.length} documents are there` };
  if (survey.left !== null) return notMeasured(`Not everything was looked at: ${survey.left}`, 100, { findings });
  return {
    ...base,
    verdict: 'failed',
    message: `${findings.length} of ${documents.length} documents are missing or say too little`,
  };
}

function faultOf(file: FileFacts): string | undefined {
  if (!file.isText) return file.unread ?? 'it is no text';
  if (file.path.endsWith('.json')) return file.characters > 2 ? undefined : 'it is empty';
  if (file.characters < LEAST_CHARACTERS) return `it has ${file.characters} characters, fewer than ${LEAST_CHARACTERS}`;
  return file.path.endsWith('.md') && file.headings === 0 ? 'it has no heading' : undefined;
}

/** A README or a text on how to run it, and a documentation comment on everything that the code exports. */
export const documentation: Gate = (measured) => {
  if (measured.policy.document.quality_gates?.require_documentation !== true) return undefined;
  const { findings, total } = documentationFindings(measured);
  return noneFound(measured, {
    findings,
    total,
    what: 'things without documentation',
    remediation: 'Write a README or how_to_run, and a /** … */ comment before what the findings name',
    pointer: '/quality_gates/require_documentation',
  });
};

/** What is not documented. */
export function documentationFindings(measured: Measured): { findings: Finding[]; total: number } {
  const modules = modulesOf(measured);
  const guide = hasGuide(measured.survey)
    ? []
    : [{ file: 'README.md', line: null, message: 'there is no README and no how_to_run' }];
  return {
    findings: [...guide, ...modules.flatMap((file) => findingsOf(file, file.code.undocumented))],
    total: guide.length + modules.reduce((sum, { code }) => sum + code.undocumented.total, 0),
  };
}

function hasGuide({ files }: Survey): boolean {
  return files.some(
    ({ path, characters }) =>
      /^(?:readme|how[_-]to[_-]run)(?:\.(?:md|markdown|txt|rst))?$/i.test(basename(path)) && characters >= LEAST_CHARACTERS,
  );
}
