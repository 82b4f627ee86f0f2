import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A text with its label. */
interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** Tells the label of a text. */
type Classify = (text: string) => string;

/** A published classifier, used as its README shows, but for the words: their own tokenizers know Latin letters only. */
export interface Peer {
  readonly name: string;
  readonly learn: (examples: readonly LabelledText[]) => Classify;
}

const FOLDER = join(import.meta.dirname, 'peers');
const load = createRequire(join(FOLDER, 'package.json')) as (name: string) => unknown;

/** The classifiers, loaded only when they learn. */
export const PEERS: readonly Peer[] = [
  { name: 'wink-naive-bayes-text-classifier', learn: learnWink },
  { name: 'natural, BayesClassifier', learn: learnNatural },
];

/** Installs the classifiers beside the benchmark: they are no dependencies of the project. `false` when that fails. */
export function installPeers(tell: (text: string) => void): boolean {
  if (existsSync(join(FOLDER, 'node_modules', 'natural'))) return true;
  tell('installing the classifiers (npm install in benchmarks/induction/peers) …');
  const install = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const { status } = spawnSync('npm', install, { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  if (status !== 0) tell('left out: the classifiers could not be installed');
  return status === 0;
}

interface WinkClassifier {
  definePrepTasks(tasks: readonly unknown[]): void;
  defineConfig(config: { considerOnlyPresence: boolean; smoothingFactor: number }): void;
  learn(text: string, label: string): void;
  consolidate(): void;
  predict(text: string): string;
}

function learnWink(examples: readonly LabelledText[]): Classify {
  const classifier = (load('wink-naive-bayes-text-classifier') as () => WinkClassifier)();
  const { tokens } = load('wink-nlp-utils') as { tokens: { stem: unknown } };
  classifier.definePrepTasks([wordsOf, tokens.stem]);
  classifier.defineConfig({ considerOnlyPresence: true, smoothingFactor: 0.5 });
  for (const { text, label } of examples) classifier.learn(text, label);
  classifier.consolidate();
  return (text) => classifier.predict(text);
}

interface NaturalClassifier {
  addDocument(words: string[], label: string): void;
  train(): void;
  classify(words: string[]): string;
}

function learnNatural(examples: readonly LabelledText[]): Classify {
  // It loads a package that advertises on the standard output, where the figures go.
  process.env['DOTENV_CONFIG_QUIET'] = 'true';
  const { BayesClassifier, PorterStemmer } = load('natural') as {
    BayesClassifier: new () => NaturalClassifier;
    PorterStemmer: { stem(word: string): string };
  };
  const stemsOf = (text: string): string[] => wordsOf(text).map((word) => PorterStemmer.stem(word));
  const classifier = new BayesClassifier();
  for (const { text, label } of examples) classifier.addDocument(stemsOf(text), label);
  classifier.train();
  return (text) => classifier.classify(stemsOf(text));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
