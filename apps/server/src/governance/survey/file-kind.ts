import type { FileFacts } from './survey.ts';

const CODE = /\.[cm]?[jt]sx?$/i;
const TEST = /(?:[._-](?:test|spec)\.[cm]?[jt]sx?$)|(?:(?:^|\/)__tests__\/[^/]+\.[cm]?[jt]sx?$)/i;
const MANIFEST =
  /(?:^|\/)(?:package(?:-lock)?\.json|tsconfig[^/]*\.json|requirements[^/]*\.txt|pyproject\.toml|dockerfile|licen[cs]e|\.[^/]+)$/i;

/** What a file is, by its name. */
export function kindOf(path: string): FileFacts['kind'] {
  if (TEST.test(path)) return 'test';
  if (CODE.test(path)) return 'code';
  if (MANIFEST.test(path)) return 'manifest';
  if (/\.ipynb$/i.test(path)) return 'notebook';
  if (/\.(?:md|markdown|txt|rst|adoc|pdf)$/i.test(path)) return 'documentation';
  if (/\.(?:jsonl?|ndjson|csv|tsv|parquet|ya?ml|xml)$/i.test(path)) return 'data';
  return 'other';
}
