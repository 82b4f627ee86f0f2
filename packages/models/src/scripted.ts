export { type ScriptedAnswer, type ScriptedProvider, type SeenRequest, startProvider } from './lib/scripted/scripted-provider.ts';
