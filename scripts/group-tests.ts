// Which test files share a process. Most of what a small one takes is the start of Node and the import of a package, so neighbours that leave
// the process as it was are imported by one file, which the runner takes for one. What any of them does wrong is still said with its own place.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** So few that a group takes no longer than the files that stand alone, and that three of them at a time keep two processors at work. */
const GROUP_FILES = 16;

/**
 * What keeps a file in a process of its own: it starts others, reads or changes what belongs to the whole process (environment, signals, memory,
 * time of processors, globals), measures time limits, or has hooks around each test, which would be those of its neighbours too.
 */
const ALONE =
  /child_process|worker_threads|\bprocess\.(?!platform|arch|execPath|cwd|pid|nextTick|hrtime)|\bglobal(?:This)?\.|\bmock\.|server-fixture\.ts|\bTIMEOUT\b|perf_hooks|async_hooks|^(?:before|after)Each\(|^await |\.suite\.ts/mu;

/** The files for the test runner: those that stand alone, and for each group of the others one that imports them, written into `folder`. */
export function groupTests(root: string, files: readonly string[], folder: string): string[] {
  const sorted = files.toSorted();
  // Tests of the whole, such as those in a browser, take longest.
  const alone = sorted.filter((file) => file.includes('/e2e/') || ALONE.test(readFileSync(join(root, file), 'utf8')));
  const others = Map.groupBy(
    sorted.filter((file) => !alone.includes(file)),
    (file) => dirname(file).split('/').slice(0, 2).join('-'),
  );
  const groups = [...others].flatMap(([name, members]) =>
    chunks(members).map((chunk, index) => {
      const group = join(folder, `${name}-${index + 1}.test.mjs`);
      const imports = chunk.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)).href)};\n`);
      writeFileSync(group, imports.join(''));
      return group;
    }),
  );
  return [...groups, ...alone];
}

/** Parts of about the same length; neighbours, which often take as long as each other, go to different ones. */
function chunks(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / GROUP_FILES);
  return Array.from({ length: count }, (_, index) => files.filter((_file, place) => place % count === index));
}
