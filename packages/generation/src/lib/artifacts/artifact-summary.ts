import type { ArtifactResult } from '@loopwright/protocol';

const FILES_SHOWN = 5;

/** A result in a few lines for people. Control characters are shown as "?", so that it is safe in a terminal. */
export function artifactSummary(result: ArtifactResult): string {
  const lines = [
    `Execution: ${result.execution_id}`,
    `Status: ${result.status}`,
    `Duration: ${result.duration_seconds.toFixed(2)}s`,
    `Artifacts: ${result.artifacts.length}`,
    ...artifactLines(result),
    ...testLines(result),
    ...usageLines(result),
  ];
  return lines.map((line) => line.replaceAll(/\p{Cc}/gu, '?')).join('\n');
}

function artifactLines(result: ArtifactResult): string[] {
  const byType = Map.groupBy(result.artifacts, (artifact) => artifact.artifact_type);
  const lines: string[] = [];
  for (const [type, artifacts] of [...byType].sort(([left], [right]) => (left < right ? -1 : 1))) {
    lines.push(`  ${type}: ${artifacts.length} files`);
    for (const artifact of artifacts.slice(0, FILES_SHOWN)) lines.push(`    - ${artifact.file_path}`);
    if (artifacts.length > FILES_SHOWN) lines.push(`    ... and ${artifacts.length - FILES_SHOWN} more`);
  }
  return lines;
}

function testLines({ test_results: tests }: ArtifactResult): string[] {
  if (tests === null) return [];
  return [
    '',
    'Test Results:',
    `  Command: ${tests.test_command}`,
    `  Passed: ${tests.tests_passed}`,
    `  Failed: ${tests.tests_failed}`,
    `  Duration: ${tests.duration_seconds.toFixed(2)}s`,
  ];
}

function usageLines({ llm_usage: usage }: ArtifactResult): string[] {
  if (usage.length === 0) return [];
  const tokens = usage.reduce((sum, entry) => sum + entry.total_tokens, 0);
  const cost = usage.reduce((sum, entry) => sum + (entry.cost_usd ?? 0), 0);
  return [
    '',
    'LLM Usage:',
    `  Total tokens: ${tokens.toLocaleString('en-US')}`,
    ...(cost > 0 ? [`  Total cost: $${cost.toFixed(4)}`] : []),
  ];
}
