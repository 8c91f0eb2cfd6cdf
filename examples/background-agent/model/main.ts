// The stand-in for a language model, as a process of its own. `MODEL_PORT` (default: any), `MODEL_WORDS_PER_SECOND` (default 25).
import { onStop, reportReady } from '@sockudo/example-kit/process';
import { startLocalModel } from '@sockudo/local-model';

const model = await startLocalModel({
  port: Number(process.env.MODEL_PORT ?? 0),
  // The page says already that it is no language model.
  settings: `note=off,speed=${process.env.MODEL_WORDS_PER_SECOND ?? 25}`,
});
onStop(() => model.close());
reportReady({ port: model.port });
