// The stand-in as a running server: what `sockudo model` and examples start.
import { createLocalModel, type LocalModelOptions } from './server.ts';
import { LOCAL_MODEL } from './settings.ts';

export interface StartOptions extends Omit<LocalModelOptions, 'pace'> {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0: any free one. Default 4001. */
  readonly port?: number | undefined;
}

export interface RunningModel {
  /** Such as `http://127.0.0.1:4001`; OpenAI's addresses are below `/v1` of it. */
  readonly url: string;
  readonly port: number;
  /** The name to ask for. */
  readonly model: string;
  /** What it does, in one line for people. */
  readonly about: string;
  close(): Promise<void>;
}

/** Rejects with a SettingsError, a DocumentsError, a RecordingError, or the error of an address that cannot be listened on. */
export async function startLocalModel({
  host = '127.0.0.1',
  port = 4001,
  ...options
}: StartOptions = {}): Promise<RunningModel> {
  const app = createLocalModel(options);
  const url = await app.listen({ host, port });
  const bound = app.server.address();
  return {
    url,
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    model: LOCAL_MODEL,
    about: aboutOf(options),
    close: async () => {
      await app.close();
    },
  };
}

function aboutOf({ record, replay }: StartOptions): string {
  if (record !== undefined)
    return `Requests go to ${record.upstream}; the answers are recorded in ${record.file}.`;
  if (replay !== undefined) return `Answers come from the recording ${replay}.`;
  return 'This is no language model: it looks up what is asked in documents and quotes what it finds.';
}
