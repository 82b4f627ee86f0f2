import { admit } from '@loopwright/generation';
import type { CodeArtifact, JsonObject } from '@loopwright/protocol';
import type { AgentDocument } from '../agent-output.ts';
import type { AgentAnswer, AnswerForm } from './answer-schema.ts';
import type { Finding } from './check-answer.ts';

/** The files that an answer comes to: its documents, written out, and the files beside them. */
export function filesOf(answer: AgentAnswer, { documents }: Pick<AnswerForm, 'documents'>): CodeArtifact[] {
  const given = answer.documents ?? {};
  const written = documents.flatMap((document) => {
    const value = given[document.name];
    return value === undefined ? [] : [artifact(document.name, textOf(document, value), 'documentation', null)];
  });
  const files = (answer.files ?? []).map(({ path, content, purpose }) => artifact(path, content, typeOf(path), purpose));
  return [...written, ...files];
}

/** The files that the workspace would not take, and two of one name. */
export function refusedPaths(answer: AgentAnswer, form: AnswerForm): Finding[] {
  const files = filesOf(answer, form);
  const documents = files.length - (answer.files?.length ?? 0);
  const seen = new Set<string>();
  return admit(files).flatMap((admission, index) => {
    const pointer = index < documents ? '/documents' : `/files/${index - documents}/path`;
    if ('reason' in admission) return [{ pointer, message: admission.reason }];
    const path = admission.names.join('/');
    if (seen.has(path)) return [{ pointer, message: `is the path of another file: "${path}"` }];
    seen.add(path);
    return [];
  });
}

function artifact(path: string, content: string, type: CodeArtifact['artifact_type'], description: string | null): CodeArtifact {
  return {
    file_path: path,
    content: content.endsWith('\n') ? content : `${content}\n`,
    artifact_type: type,
    language: null,
    description,
  };
}

function textOf(document: AgentDocument, value: JsonObject): string {
  if ('schema' in document) return JSON.stringify(value, null, 2);
  const parts = Object.keys(document.sections).map((key) => `## ${headingOf(key)}\n\n${textIn(value[key])}`);
  return `# ${document.title}\n\n${parts.join('\n\n')}`;
}

/** A text under a heading of the second level: what it has as headings of its own goes below that, outside of fences. */
function textIn(value: unknown): string {
  let isCode = false;
  const lines = (typeof value === 'string' ? value.trim() : '').split('\n').map((line) => {
    if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
    return isCode ? line : line.replace(/^#{1,2} /, '### ');
  });
  return lines.join('\n');
}

function headingOf(key: string): string {
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function typeOf(path: string): CodeArtifact['artifact_type'] {
  if (/(?:^|[./_-])(?:test|tests|spec)[./_-]/.test(path)) return 'test';
  if (/\.(?:md|txt|rst)$/.test(path)) return 'documentation';
  if (/\.(?:json|csv|tsv|jsonl|sql)$/.test(path)) return 'data';
  return /\.(?:ya?ml|toml|ini|env|conf)$/.test(path) ? 'config' : 'source_code';
}
