import { type Json, type JsonObject, type Question, toJson } from '@loopwright/protocol';
import type { AgentDocument } from '../agent-output.ts';

/** What an answer may hold at most. */
export const ANSWER_LIMITS = {
  /** Characters of the whole answer: it must fit into one record of the journal. */
  characters: 2 * 1024 * 1024,
  /** Characters of one section of a document. */
  section: 60_000,
  summary: 2000,
  files: 200,
  /** Characters of one file. */
  file: 400_000,
} as const;

/** An answer that was checked. */
export interface AgentAnswer {
  readonly summary: string;
  /** Questions to people; the documents are absent then. */
  readonly questions?: readonly Question[];
  /** By the name of the document: texts by section, or data. */
  readonly documents?: Readonly<Record<string, JsonObject>>;
  readonly files?: readonly { readonly path: string; readonly content: string; readonly purpose: string }[];
}

/** What an agent may do in its answer. */
export interface AnswerForm {
  readonly documents: readonly AgentDocument[];
  /** Whether it writes files besides the documents. */
  readonly files: boolean;
  /** Whether it may ask people instead of answering. */
  readonly questions: boolean;
}

/** The JSON Schema of an answer. */
export function answerSchema({ documents, files, questions }: AnswerForm): JsonObject {
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['summary'],
    properties: {
      summary: { type: 'string', minLength: 1, maxLength: ANSWER_LIMITS.summary },
      documents: {
        type: 'object',
        additionalProperties: false,
        required: documents.map(({ name }) => name),
        properties: Object.fromEntries(documents.map((document) => [document.name, schemaOf(document)])),
      },
      ...(files ? { files: FILES } : {}),
      ...(questions ? { questions: QUESTIONS } : {}),
    },
    ...(questions
      ? { anyOf: [{ required: ['documents'] }, { required: ['questions'] }] }
      : { required: ['summary', 'documents', ...(files ? ['files'] : [])] }),
  };
  return toJson(schema) as JsonObject;
}

function schemaOf(document: AgentDocument): Json {
  if ('schema' in document) return document.schema;
  const text = { type: 'string', minLength: 1, maxLength: ANSWER_LIMITS.section };
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(document.sections),
    properties: Object.fromEntries(
      Object.entries(document.sections).map(([key, description]) => [key, { ...text, description }]),
    ),
  };
}

const FILES: Json = {
  type: 'array',
  minItems: 1,
  maxItems: ANSWER_LIMITS.files,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'content', 'purpose'],
    properties: {
      path: { type: 'string', minLength: 1, maxLength: 300 },
      content: { type: 'string', maxLength: ANSWER_LIMITS.file },
      purpose: { type: 'string', minLength: 1, maxLength: 500 },
    },
  },
};

const QUESTIONS: Json = {
  type: 'array',
  minItems: 1,
  maxItems: 12,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'text', 'answer_type'],
    properties: {
      id: { type: 'string', pattern: '^[A-Z0-9_-]{3,64}$' },
      text: { type: 'string', maxLength: 2000, pattern: '\\?$' },
      intent: { type: 'string', maxLength: 2000 },
      priority: { enum: ['must', 'should', 'could'] },
      answer_type: { enum: ['free_text', 'single_choice', 'multi_choice', 'yes_no', 'number', 'date'] },
      choices: { type: 'array', minItems: 1, maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 500 } },
      required: { type: 'boolean' },
    },
  },
};
