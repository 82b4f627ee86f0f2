import { z } from 'zod';

/** Limits of what is graded. */
export const GRADE_LIMITS = {
  /** Files of the program, and files of tests. */
  files: 50,
  /** Characters of one file. */
  fileCharacters: 256 * 1024,
  /** Characters of all files together. */
  totalCharacters: 2 * 1024 * 1024,
  /** Longest limit of time of a file of tests, in milliseconds. */
  timeLimitMs: 10_000,
} as const;

const givenFileSchema = z.strictObject({
  file_path: z
    .string()
    .max(200)
    .transform((path) => path.replace(/^\/+/, ''))
    .pipe(
      z
        .string()
        .regex(/^[A-Za-z0-9_@.()[\]-]+(?:\/[A-Za-z0-9_@.()[\]-]+)*$/, 'is no relative path of plain names')
        .refine(
          (path) => !path.split('/').some((name) => name === '.' || name === '..'),
          'must not contain "." or ".." as a name',
        ),
    ),
  content: z.string().max(GRADE_LIMITS.fileCharacters),
});
/** A file that a plan brings along. */
export type GivenFile = z.infer<typeof givenFileSchema>;

/**
 * What the grading agent reads from `metadata` of a plan: a program and its tests. A test that imports a file of the program is a module, as `node --test`
 * would run it; any other one is a script that is put behind the first file of the program, as suites of small problems are published.
 */
export const gradeMetadataSchema = z
  .object({
    agent: z.literal('grade'),
    /** Told from the names of the files where it is not said. */
    language: z.enum(['javascript', 'typescript', 'python']).nullable().default(null),
    /** The program; the first file is the one that scripts are put behind. */
    files: z.array(givenFileSchema).min(1).max(GRADE_LIMITS.files),
    tests: z.array(givenFileSchema).min(1).max(GRADE_LIMITS.files),
    /** The function that a test named `check` gets as its argument, where the test does not call it itself. */
    entry_point: z
      .string()
      .regex(/^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/, 'is no name of a function')
      .nullable()
      .default(null),
    /** Limit of each file of tests, in milliseconds. */
    time_limit_ms: z.int().min(10).max(GRADE_LIMITS.timeLimitMs).default(1000),
  })
  .superRefine(({ files, tests }, context) => {
    const paths = [...files, ...tests].map(({ file_path }) => file_path.toLowerCase());
    if (new Set(paths).size !== paths.length)
      context.addIssue({ code: 'custom', path: ['tests'], message: 'has a path twice, or one that "files" has' });
    const characters = [...files, ...tests].reduce((sum, { content }) => sum + content.length, 0);
    if (characters > GRADE_LIMITS.totalCharacters)
      context.addIssue({
        code: 'custom',
        path: ['files'],
        message: `has more than ${GRADE_LIMITS.totalCharacters} characters with the tests`,
      });
  });
export type GradeMetadata = z.infer<typeof gradeMetadataSchema>;
