/** How a file is shown. */
export type FileKind = 'markdown' | 'table' | 'image' | 'source';

const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
};

/** The ending of a name, in lower case, without its dot. */
function endingOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** How a file with this name is shown. */
export function kindOf(name: string): FileKind {
  const ending = endingOf(name);
  if (ending === 'md' || ending === 'markdown') return 'markdown';
  if (ending === 'csv' || ending === 'jsonl') return 'table';
  return Object.hasOwn(IMAGES, ending) ? 'image' : 'source';
}

/** The type of an image by its name. */
export function imageType(name: string): string {
  return IMAGES[endingOf(name)] ?? 'application/octet-stream';
}
