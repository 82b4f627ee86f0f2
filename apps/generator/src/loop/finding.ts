import { createHash } from 'node:crypto';

/** Where a check looked: form of the answer, syntax, types, tests. They are made in this order, and the first with a finding ends a round. */
export type CheckStage = 'form' | 'syntax' | 'types' | 'tests';

/** What a check found wrong. */
export interface CheckFinding {
  readonly stage: CheckStage;
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly message: string;
}

/** Findings that are shown to a model and kept in a result. */
const SHOWN = 20;
const MESSAGE_CHARACTERS = 500;

/** A text on one line without control characters and without characters that turn the direction of writing: what a model wrote may stand in it. */
export function plainText(text: string, characters: number = MESSAGE_CHARACTERS): string {
  // Cut before it is looked through, so that a giant text costs nothing.
  const clean = text
    .slice(0, characters * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ')
    .trim();
  return clean.length > characters ? `${clean.slice(0, characters)}…` : clean;
}

/** A finding with everything in it made short and plain. */
export function finding(
  stage: CheckStage,
  message: string,
  place: { file?: string | null; line?: number | null } = {},
): CheckFinding {
  const file = place.file ?? null;
  return { stage, file: file === null ? null : plainText(file, 300), line: place.line ?? null, message: plainText(message) };
}

/** A finding as a line of text. */
export function findingText({ file, line, message }: CheckFinding): string {
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`}: `;
  return `${place}${message}`;
}

/** The first findings as a list, and how many there are besides. */
export function findingList(findings: readonly CheckFinding[]): string {
  const lines = findings.slice(0, SHOWN).map((one) => `- ${findingText(one)}`);
  if (findings.length > SHOWN) lines.push(`- and ${findings.length - SHOWN} more`);
  return lines.join('\n');
}

/** The same for the same findings, whatever their order. */
export function findingsDigest(findings: readonly CheckFinding[]): string {
  const texts = findings.map((one) => `${one.stage} ${findingText(one)}`).sort();
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}
