import type { CodeArtifact } from '@loopwright/protocol';

/** The three files of a program. */
export function programFiles(texts: { readonly program: string; readonly tests: string; readonly card: string }): CodeArtifact[] {
  return [
    file('program.ts', texts.program, 'source_code', 'The program: exports run'),
    file('program.test.ts', texts.tests, 'test', 'Tests: node --test program.test.ts'),
    file('MODEL_CARD.md', texts.card, 'documentation', 'What the program is and how good it is'),
  ];
}

function file(path: string, content: string, type: CodeArtifact['artifact_type'], description: string): CodeArtifact {
  return {
    file_path: path,
    content,
    artifact_type: type,
    language: path.endsWith('.ts') ? 'typescript' : 'markdown',
    description,
  };
}
