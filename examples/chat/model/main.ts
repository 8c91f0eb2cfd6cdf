// The stand-in for a language model, as a process of its own: `MODEL_PORT` (default: any), `MODEL_SETTINGS` (such as `speed=50`).
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { startLocalModel } from '@sockudo/local-model';

const model = await startLocalModel({
  port: Number(process.env.MODEL_PORT ?? 0),
  settings: process.env.MODEL_SETTINGS ?? 'speed=40,jitter=0.4',
});
onStop(() => model.close());
reportReady({ port: model.port });
