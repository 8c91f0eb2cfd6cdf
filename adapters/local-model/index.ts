export { type Document, DocumentsError } from './documents/read-documents.ts';
export type { RecordOptions } from './recording/record.ts';
export { RecordingError } from './recording/tape.ts';
export { createLocalModel, type LocalModelOptions } from './server.ts';
export { LOCAL_MODEL, SETTING_NAMES, SettingsError } from './settings.ts';
export { type RunningModel, type StartOptions, startLocalModel } from './start.ts';
export type { Pace } from './stream/perform.ts';
