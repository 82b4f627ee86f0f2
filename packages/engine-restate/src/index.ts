export { RestateEngine, type RestateEngineOptions } from './lib/restate-engine.ts';
