import type { ArtifactResult } from '@loopwright/protocol';

/** What a person should know before the artifacts of a result are used; the source's texts, in its order. */
export function validateResult(result: ArtifactResult): string[] {
  const warnings: string[] = [];
  if (result.status === 'FAILURE') warnings.push(`Result status is FAILURE: ${result.error_message ?? 'no message'}`);
  if (result.status === 'TIMEOUT') warnings.push('Result status is TIMEOUT - code may be incomplete');
  if (result.artifacts.length === 0) warnings.push('No artifacts in result');
  const duplicates = repeated(result.artifacts.map((artifact) => artifact.file_path));
  if (duplicates.size > 0) warnings.push(`Duplicate file paths: ${[...duplicates].join(', ')}`);
  if (result.test_results === null) warnings.push('No test results - tests may not have run');
  else if (result.test_results.tests_failed > 0) warnings.push(`${result.test_results.tests_failed} test(s) failed`);
  else if (result.test_results.exit_code !== 0) warnings.push(`Tests ended with exit code ${result.test_results.exit_code}`);
  if (result.error_message !== null) warnings.push(`PTC error: ${result.error_message}`);
  for (const warning of result.warnings) warnings.push(`PTC warning: ${warning}`);
  return warnings;
}

function repeated(paths: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const found = new Set<string>();
  for (const path of paths) (seen.has(path) ? found : seen).add(path);
  return found;
}
