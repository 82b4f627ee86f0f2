import { basename, extname } from 'node:path/posix';

/** Words of a file's name and what they say it is, in the order of the source; the first that is found decides. */
const BY_WORD: readonly (readonly [words: readonly string[], type: string])[] = [
  [['prd'], 'prd'],
  [['architecture', 'arch'], 'architecture'],
  [['requirements', 'requirement', 'req'], 'requirements'],
  [['test', 'tests'], 'test'],
];

const BY_SUFFIX: Readonly<Record<string, string>> = {
  '.py': 'code',
  '.js': 'code',
  '.ts': 'code',
  '.java': 'code',
  '.md': 'documentation',
  '.txt': 'documentation',
  '.json': 'data',
};

/**
 * What an artifact is, by whole words of its name, then by its suffix: `api_test.py` and `apiTest.py` are tests, `latest.md` and `research.md` are
 * documentation.
 */
export function artifactTypeOf(path: string): string {
  const name = basename(path);
  const suffix = extname(name).toLowerCase();
  const words = name
    .slice(0, name.length - suffix.length)
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  const byWord = BY_WORD.find(([known]) => known.some((word) => words.includes(word)));
  return byWord?.[1] ?? BY_SUFFIX[suffix] ?? 'artifact';
}
