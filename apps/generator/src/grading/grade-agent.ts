import {
  type CodeArtifact,
  type ExecutionPlan,
  type GivenFile,
  type GradeMetadata,
  PlatformError,
  gradeMetadataSchema,
  issueDetails,
} from '@loopwright/protocol';
import type { Agent, AgentResult, AgentRun } from '../agent/agent.ts';
import { type Grade, gradeOf } from './grade.ts';
import { type ScriptParts, gradeScript } from './grade-script.ts';
import { tooDeep } from './nesting.ts';
import { gradePython } from './python/grade-python.ts';
import type { PythonWall } from './python/python-wall.ts';

/** What the agent works with. */
export interface GradeParts extends ScriptParts {
  /** Gives the wall that programs of Python run behind. Throws LANGUAGE_UNAVAILABLE with the reason where there is none. */
  readonly python: () => Promise<PythonWall>;
}

/**
 * Runs given tests against a given program and reports SUCCESS, FAILURE or TIMEOUT: whoever has candidates, from wherever, learns which of them hold.
 * Nothing of a program is trusted: what it prints, how it exits and what it says of itself decide nothing.
 */
export function gradeAgent(parts: GradeParts): Agent {
  return {
    name: 'grade',
    description: 'Runs given tests against a given program in the sandbox; needs no model and no network',
    check: (plan) => void readGradeTask(plan),
    run: async (plan, run) => gradePlan(readGradeTask(plan), parts, run),
  };
}

function readGradeTask(plan: ExecutionPlan): GradeMetadata {
  const metadata = gradeMetadataSchema.safeParse(plan.metadata);
  if (!metadata.success) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: its metadata is not what the grading agent needs', {
      details: issueDetails(metadata.error.issues.slice(0, 100), '/metadata'),
    });
  }
  return metadata.data;
}

async function gradePlan(metadata: GradeMetadata, parts: GradeParts, { signal, onEvent }: AgentRun): Promise<AgentResult> {
  const language = languageOf(metadata);
  onEvent({ event_type: 'test_started', stage: 'test', message: `${metadata.tests.length} files of tests`, data: { language } });
  const grade = await gradeIn(language, metadata, parts, signal);
  const { tests_passed, tests_failed } = grade.testResult;
  const summary = `${tests_passed} tests passed, ${tests_failed} failed`;
  if (grade.status === 'SUCCESS') onEvent({ event_type: 'test_passed', stage: 'test', progress: 1, message: summary });
  else
    onEvent({
      event_type: 'test_failed',
      stage: 'test',
      progress: 1,
      message: summary,
      error: grade.reason ?? 'no reason is known',
    });
  return {
    status: grade.status,
    artifacts: [
      ...metadata.files.map((file) => artifactOf(file, 'source_code', language)),
      ...metadata.tests.map((file) => artifactOf(file, 'test', language)),
    ],
    test_results: grade.testResult,
    error_message: grade.reason,
    metadata: {
      agent: 'grade',
      language,
      time_limit_ms: metadata.time_limit_ms,
      tests: grade.tests
        .slice(0, 500)
        .map(({ file, name, status, message }) => ({ file, name, status, message: message?.slice(0, 1000) ?? null })),
    },
  };
}

function artifactOf({ file_path, content }: GivenFile, artifact_type: 'source_code' | 'test', language: string): CodeArtifact {
  return { file_path, content, artifact_type, language, description: null };
}

async function gradeIn(language: string, metadata: GradeMetadata, parts: GradeParts, signal: AbortSignal): Promise<Grade> {
  if (language !== 'python') {
    const deep = tooDeep([...metadata.files, ...metadata.tests]);
    if (deep === undefined) return gradeScript(metadata, parts, signal);
    const message = 'it is nested more than 2000 deep';
    const test = { file: deep.file_path, name: deep.file_path, status: 'failed' as const, message };
    return gradeOf({ command: 'tests in the sandbox', tests: [test], isTimedOut: false, printed: '', seconds: 0 });
  }
  return gradePython(metadata, await parts.python(), { clock: parts.clock, signal });
}

function languageOf({ language, files }: GradeMetadata): 'javascript' | 'typescript' | 'python' {
  if (language !== null) return language;
  const path = files[0]?.file_path ?? '';
  if (path.endsWith('.py')) return 'python';
  return /\.[cm]?tsx?$/u.test(path) ? 'typescript' : 'javascript';
}
