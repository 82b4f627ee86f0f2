import type { JsonObject } from '@loopwright/protocol';
import type { AgentDocument } from './agent-output.ts';

const text = { type: 'string', minLength: 1, maxLength: 2000 };
const list = (items: JsonObject, minItems = 1, maxItems = 200): JsonObject => ({ type: 'array', minItems, maxItems, items });
const record = (properties: Record<string, JsonObject>, optional: readonly string[] = []): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const oneOf = (...values: string[]): JsonObject => ({ enum: values });

const DOCUMENTS: readonly AgentDocument[] = [
  {
    name: 'PRD.md',
    title: 'Product requirements',
    sections: {
      goal: 'The problem, for whom, and what is better once it is solved',
      users: 'Who uses it and what they do with it',
      scope: 'What is part of it and, as a list, what is not',
      success_criteria: 'How success is measured: figures with their source; what is not known is named as open',
      risks: 'What can go wrong, how likely, and what is done about it',
      open_questions: 'What nobody has said yet, and what is assumed until somebody does',
    },
  },
  {
    name: 'requirements.md',
    title: 'Requirements',
    sections: {
      functional: 'Numbered requirements (R-1, R-2, …), each one testable',
      quality: 'Numbered requirements on speed, size, accuracy, security and accessibility (Q-1, Q-2, …)',
      constraints: 'What is given and cannot be chosen',
      acceptance: 'How each requirement is accepted, by its number',
    },
  },
  {
    name: 'features.json',
    schema: record({
      features: list(
        record({
          id: { type: 'string', pattern: '^F-[0-9]{1,4}$' },
          title: text,
          description: text,
          priority: oneOf('must', 'should', 'could'),
          acceptance: list(text, 1, 20),
        }),
      ),
    }),
  },
  {
    name: 'architecture.md',
    title: 'Architecture',
    sections: {
      overview: 'The parts and what each is for',
      components: 'Each component: responsibility, interface, what it depends on',
      data_flow: 'How data goes through the parts, step by step',
      failure: 'What can fail, and what the system does then',
      security: 'What is trusted, what is not, and where it is checked',
      testing: 'How it is shown that it works',
    },
  },
  {
    name: 'data_model.md',
    title: 'Data model',
    sections: {
      entities: 'Each entity with its fields, types and limits',
      relations: 'How the entities belong together',
      lifecycle: 'How records come to be, change and end',
    },
  },
  {
    name: 'adrs.json',
    schema: record({
      adrs: list(
        record({
          id: { type: 'string', pattern: '^ADR-[0-9]{3}$' },
          title: text,
          status: oneOf('proposed', 'accepted', 'superseded'),
          context: text,
          decision: text,
          alternatives: list(record({ option: text, why_not: text }), 1, 20),
          consequences: list(text, 1, 20),
        }),
      ),
    }),
  },
  {
    name: 'data_overview.md',
    title: 'Data',
    sections: {
      sources: 'Where the data comes from and what is known about it; nothing is invented',
      preparation: 'What is done to it before use, step by step',
      quality: 'What has to be checked, how, and what is done when a check fails',
      split: 'How data for building and for judging are kept apart',
    },
  },
  {
    name: 'schema.json',
    schema: {
      type: 'object',
      required: ['type', 'properties'],
      properties: { type: { const: 'object' }, properties: { type: 'object' } },
    },
  },
  {
    name: 'profile_report.md',
    title: 'Data profile',
    sections: {
      known: 'What the material says about the data, with where it says so',
      not_measured: 'Which figures would be needed and have not been measured',
      checks: 'The checks that the program makes on its input',
    },
  },
  {
    name: 'dev_summary.md',
    title: 'Development',
    sections: {
      what_was_built: 'What the files do, by file',
      how_to_run: 'The commands that run it and its tests',
      decisions: 'Decisions made while building, and why',
      limits: 'What is missing or doubtful',
    },
  },
  {
    name: 'qa_results.json',
    schema: record({
      findings: list(
        record(
          {
            file: text,
            line: { type: 'integer', minimum: 1 },
            severity: oneOf('error', 'warning', 'info'),
            message: text,
            requirement: text,
          },
          ['line', 'requirement'],
        ),
        0,
      ),
      requirements: list(
        record({ id: text, covered_by: list(text, 0, 50), verdict: oneOf('covered', 'partly', 'not_covered'), why: text }),
      ),
      not_measured: list(text, 0, 50),
    }),
  },
  {
    name: 'quality_gate_report.md',
    title: 'Quality report',
    sections: {
      verdict: 'Whether it may be accepted, and what stands in the way',
      findings: 'The findings by severity, with file and line',
      coverage_of_requirements: 'Which requirement is shown by which test or file',
      risks: 'What remains',
    },
  },
  {
    name: 'system_overview.md',
    title: 'System overview',
    sections: {
      purpose: 'What the system is for',
      parts: 'Its parts and how they work together',
      limits: 'What it cannot do',
      operation: 'How it is run and watched',
    },
  },
  {
    name: 'how_to_run.md',
    title: 'How to run it',
    sections: {
      prerequisites: 'What has to be there first',
      steps: 'Commands, one after the other',
      tests: 'How the tests are run',
      troubleshooting: 'What goes wrong and what to do',
    },
  },
  {
    name: 'api_reference.md',
    title: 'Interface',
    sections: {
      interface: 'Every function, command or route: what it takes and gives',
      errors: 'Every error and what to do about it',
      examples: 'Examples that can be run',
    },
  },
  {
    name: 'release_notes.md',
    title: 'Release notes',
    sections: {
      new: 'What is new',
      known_issues: 'What is known to be wrong or missing',
      upgrade: 'What has to be done to use it',
    },
  },
];

/** Documents by name that a definition need not describe (`reference/domain.md` §1.3). */
export const KNOWN_DOCUMENTS: Readonly<Record<string, AgentDocument>> = Object.fromEntries(
  DOCUMENTS.map((document) => [document.name, document]),
);

/** Whether a name is one of {@link KNOWN_DOCUMENTS}. */
export function isKnownDocument(name: string): boolean {
  return Object.hasOwn(KNOWN_DOCUMENTS, name);
}
