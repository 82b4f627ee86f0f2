import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ArtifactSummary } from '@loopwright/protocol';
import { type Folder, baseName, treeOf } from './artifact-tree.ts';

const artifact = (name: string): ArtifactSummary => ({
  artifact_id: name,
  phase: 'development',
  path: name,
  name,
  description: null,
  artifact_type: 'code',
  size_bytes: 1,
  created_at: '2026-11-21T00:00:00Z',
  hash: '0',
});
const shape = ({ folders, files }: Folder): unknown => [
  folders.map((folder) => [folder.name, shape(folder)]),
  files.map(baseName),
];

it('puts files into the folders of their names', () => {
  const tree = treeOf(['z.md', 'src/b.ts', 'src/deep/er/a.ts', 'src/a.ts'].map(artifact));
  assert.deepEqual(shape(tree), [[['src', [[['deep', [[['er', [[], ['a.ts']]]], []]]], ['a.ts', 'b.ts']]]], ['z.md']]);
});
